#include "study/winner.hpp"

#include <algorithm>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "engine/program.hpp"
#include "train/checkpoint.hpp"
#include "train/evaluate.hpp"

namespace tern::study {
namespace {

constexpr std::int64_t batch_size = 32;

/// The class with the largest score for each sample; the first of equals.
std::vector<std::int64_t> engine_predictions(const engine::Program& program, const data::FrameDataset& data,
                                             const data::Split& split) {
  std::vector<std::int64_t> predictions;
  const data::BatchOrder order(split.size(), batch_size, 0, 0, false);
  for (std::int64_t b = 0; b < order.num_batches(); ++b) {
    const auto indices = order.batch(b);
    const auto n = static_cast<std::int64_t>(indices.size());
    std::vector<float> frames(static_cast<std::size_t>(n * data.sample_size()));
    data::gather(data, split, indices, frames.data());
    const auto scores = program.run(frames, data.num_steps, n);
    if (!scores) fail(ErrorKind::internal, "engine", "{}", scores.error().message);
    const std::int64_t classes = data.num_classes();
    for (std::int64_t i = 0; i < n; ++i) {
      const auto first = scores->begin() + i * classes;
      predictions.push_back(std::max_element(first, first + classes) - first);
    }
  }
  return predictions;
}

}  // namespace

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
  const auto in_engine = engine_predictions(*program, context.data, split);
  learn::Model model = train::load_model(trial_checkpoint(context, key));
  const auto in_learn = train::evaluate(model, context.data, split).predictions;
  winner.samples = split.size();
  std::int64_t correct = 0;
  for (std::size_t i = 0; i < in_engine.size(); ++i) {
    winner.disagreements += in_engine[i] != in_learn[i];
    correct += in_engine[i] == split.labels[i];
  }
  winner.engine_accuracy = static_cast<double>(correct) / static_cast<double>(std::max<std::int64_t>(1, winner.samples));
  return winner;
}

}  // namespace tern::study
