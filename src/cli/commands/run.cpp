// tern run: a packed model over a data set or over files, in the engine.
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/run_files.hpp"
#include "cli/terminal.hpp"
#include "engine/program.hpp"
#include "learn/torch.hpp"
#include "study/engine_run.hpp"
#include "train/checkpoint.hpp"
#include "train/evaluate.hpp"

namespace tern::cli {
namespace {

struct RunArguments {
  std::string model, split = "test", compare;
  std::int64_t batch_size = 32;
  FileRun files;
};

const data::Split& choose_split(const data::FrameDataset& data, const std::string& name) {
  const data::Split& split = name == "train" ? data.train : name == "validation" ? data.validation : data.test;
  if (split.size() == 0) fail(ErrorKind::usage, data.name, "the {} split is empty", name);
  return split;
}

int run_model(const RunArguments& a, const data::DataOptions& data_options, const GlobalOptions& globals) {
  engine::Options options;
  options.cache_folder = engine::default_cache_folder();
  const auto program = engine::Program::load(a.model, options);
  if (!program) fail(ErrorKind::bad_data, "", "{}", program.error().message);
  if (!a.files.files.empty()) {
    FileRun files = a.files;
    files.num_steps = data_options.num_steps;
    run_files(*program, files, globals.json);
    return 0;
  }
  ProgressPrinter progress(globals.quiet);
  const data::FrameDataset data = data::load_data_set(data_options, std::ref(progress));
  progress.clear();
  const data::Split& split = choose_split(data, a.split);
  const study::EngineRun run = study::run_engine(*program, data, split, a.batch_size);
  std::int64_t different = -1;
  double distance = 0;
  if (!a.compare.empty()) {
    learn::Model trained = train::load_model(a.compare);
    const train::Evaluation other = train::evaluate(trained, data, split);
    different = 0;
    for (std::size_t i = 0; i < other.predictions.size(); ++i) different += run.predictions[i] != other.predictions[i];
    for (std::size_t i = 0; i < other.scores.size(); ++i)
      distance = std::max(distance, std::abs(static_cast<double>(run.scores[i]) - other.scores[i]));
  }
  const double rate = static_cast<double>(split.size()) / run.seconds;
  if (globals.json) {
    nlohmann::ordered_json json{{"model", a.model}, {"split", a.split}, {"samples", split.size()},
                                {"accuracy", run.accuracy}, {"samples_per_second", rate}, {"predictions", run.predictions}};
    if (different >= 0) {
      json["different_from_trained"] = different;
      json["largest_score_difference"] = distance;
    }
    fmt::print("{}\n", json.dump());
  } else {
    fmt::print("{}: {:.2f}% of {} {} samples right, {:.0f} samples/s\n", a.model, 100 * run.accuracy, split.size(), a.split, rate);
    if (different >= 0) fmt::print("{} of {} predictions differ from the trained model's; scores by {} at most\n", different, split.size(),
                                   distance);
  }
  return different > 0 ? 1 : 0;
}

}  // namespace

void add_run(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("run", "run a packed model over a data set or over files, in the engine");
  auto a = std::make_shared<RunArguments>();
  command->add_option("MODEL", a->model, "a .tern file")->required();
  command->add_option("--split", a->split, "train, validation or test")
      ->check(CLI::IsMember({"train", "validation", "test"}))->capture_default_str();
  command->add_option("--batch-size", a->batch_size)->check(CLI::Range(1, 65536))->capture_default_str();
  command->add_option("--compare", a->compare, "checkpoint of the trained model: fails where a prediction differs");
  auto data_options = add_data_options(*command);
  auto* files = command->add_option("FILES", a->files.files,
                                    "JPEG, PGM, PPM, .npy, .npz or float32 (.f32, .raw, .bin) instead of a data set");
  for (const char* other : {"--data", "--path", "--split", "--compare"}) files->excludes(other);
  command->add_option("--array", a->files.array, "name of an array in .npz files")->needs(files);
  command->add_option("--top", a->files.top, "classes to print of each sample of a file")
      ->needs(files)->check(CLI::PositiveNumber)->capture_default_str();
  command->footer("Examples:\n  tern run runs/demo/winner.tern --data nmnist-mini\n"
                  "  tern run model.tern --data nmnist --path nmnist-4class --compare runs/x/checkpoint.safetensors\n"
                  "  tern run model.tern photo.jpg --top 3\n  tern run model.tern samples.npz --array x --json");
  command->callback([&, a, data_options] {
    action = [&, a, data_options] { return run_model(*a, *data_options, globals); };
  });
}

}  // namespace tern::cli
