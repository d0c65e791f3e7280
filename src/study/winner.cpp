#include "study/winner.hpp"

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "engine/program.hpp"
#include "study/engine_run.hpp"
#include "train/checkpoint.hpp"
#include "train/evaluate.hpp"

namespace tern::study {
Winner hand_over(const StudyContext& context, const std::string& key) {
  Winner winner;
  winner.key = key;
  winner.model = context.folder / "winner.tern";
  const std::string bytes = read_file(trial_folder(context, key) / "model.tern");
  winner.file_bytes = static_cast<std::int64_t>(bytes.size());
  write_file_atomically(winner.model, bytes);

  const data::Split& split = context.data.test.size() ? context.data.test : context.data.validation;
  const auto program = engine::Program::load(winner.model.string());
  if (!program) fail(ErrorKind::internal, winner.model.string(), "the engine refuses it: {}", program.error().message);
  const EngineRun run = run_engine(*program, context.data, split);
  learn::Model model = train::load_model(trial_checkpoint(context, key));
  const auto in_learn = train::evaluate(model, context.data, split).predictions;
  winner.samples = split.size();
  winner.engine_accuracy = run.accuracy;
  for (std::size_t i = 0; i < in_learn.size(); ++i) winner.disagreements += run.predictions[i] != in_learn[i];
  return winner;
}

}  // namespace tern::study
