// tern train and tern compress: one training run, with or without a compression plan.
#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/seed.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/layer_table.hpp"
#include "cli/terminal.hpp"
#include "compress/explain.hpp"
#include "compress/layer_report.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "study/network.hpp"
#include "train/evaluate.hpp"
#include "train/frame_source.hpp"
#include "train/run_log.hpp"
#include "train/trainer.hpp"

namespace tern::cli {
namespace {

struct TrainArguments {
  study::NetworkOptions network;
  std::string from, plan;
  std::filesystem::path folder;
  train::TrainOptions options;
  bool explain = false;
};

void add_train_options(CLI::App& command, TrainArguments& a) {
  train::TrainOptions& o = a.options;
  command.add_option("-o,--output", a.folder, "run folder: checkpoint, metrics");
  command.add_option("--epochs", o.epochs, "shared by the plan's phases; 0: every step acts once and nothing is trained")->check(CLI::Range(0, 100000))->capture_default_str();
  command.add_option("--batch-size", o.batch_size)->check(CLI::Range(1, 65536))->capture_default_str();
  command.add_option("--optimizer", o.optimizer.name, "tern list optimizers")->capture_default_str();
  command.add_option("--learning-rate", o.learning_rate.base)->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--momentum", o.optimizer.momentum, "of sgd")->check(CLI::Range(0.0, 1.0))->capture_default_str();
  command.add_option("--calibration-samples", o.calibration_samples, "for steps that look at data")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--weight-decay", o.optimizer.weight_decay)->check(CLI::NonNegativeNumber)->capture_default_str();
  command.add_option("--loss", o.loss, "tern list losses")->capture_default_str();
  command.add_option("--label-smoothing", o.label_smoothing)->check(CLI::Range(0.0, 0.99))->capture_default_str();
  command.add_option("--mixup-alpha", o.mixup_alpha, "mixed batches")->check(CLI::NonNegativeNumber)->capture_default_str();
  command.add_option("--distillation", o.distillation, "share of the loss that teaches the starting model's scores")->check(CLI::Range(0.0, 1.0))->capture_default_str();
  command.add_option("--temperature", o.temperature, "of distillation")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--max-shift", o.augment.max_shift, "shift samples by up to so many pixels")->check(CLI::Range(0, 1024));
  command.add_option("--horizontal-flip", o.augment.horizontal_flip, "probability of mirroring left and right")->check(CLI::Range(0.0, 1.0));
  command.add_option("--seed", o.seed)->capture_default_str();
}

learn::Model load_start(const TrainArguments& a) {
  std::filesystem::path path(a.from);
  if (std::filesystem::is_directory(path)) path /= "checkpoint.safetensors";
  if (std::filesystem::weakly_canonical(path) == std::filesystem::weakly_canonical(a.options.checkpoint))
    fail(ErrorKind::usage, path.string(), "the output folder must not be the model's own");
  return train::load_model(path);
}

void print_result(const learn::Model& model, double validation, double test, bool json) {
  const double zeros = compress::zero_fraction(compress::report_layers(model));
  if (json) {
    const nlohmann::ordered_json out{{"validation_accuracy", validation}, {"test_accuracy", test}, {"zeros", zeros},
                                     {"layers", layers_to_json(model)}};
    fmt::print("{}\n", out.dump(2));
    return;
  }
  fmt::print("{}validation {:.2f}%, test {:.2f}%, {:.1f}% zeros\n", layer_table(model), 100 * validation, 100 * test,
             100 * zeros);
}

int run_training(TrainArguments a, const data::DataOptions& data_options, const GlobalOptions& globals) {
  if (a.folder.empty()) fail(ErrorKind::usage, "--output", "name a run folder");
  const compress::Plan plan = compress::parse_plan(a.plan);
  compress::epochs_of_phases(plan, a.options.epochs);
  a.options.checkpoint = a.folder / "checkpoint.safetensors";
  std::optional<learn::Model> given;
  if (!a.from.empty()) compress::check_plan(plan, given.emplace(load_start(a)));  // before data are read
  ProgressPrinter progress(globals.quiet);
  const data::FrameDataset data = data::load_data_set(data_options, std::ref(progress));
  learn::Model model = given ? std::move(*given)
                             : learn::Model(study::make_network(a.network, data), derive_seed(a.options.seed, "init"));
  const auto note = [](const std::string& text) { log(LogLevel::info, text); };
  const auto history = train::train(model, data, plan, a.options, std::ref(progress), {}, note);
  progress.clear();
  train::write_metrics(a.folder, history);
  const auto accuracy = [&](const data::Split& split) {
    return split.size() ? train::evaluate(model, data, split).accuracy : 0.0;
  };
  print_result(model, accuracy(data.validation), accuracy(data.test), globals.json);
  return 0;
}

nlohmann::ordered_json to_json(const compress::StepExplanation& step) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const auto& layer : step.layers)
    layers.push_back({{"layer", layer.layer}, {"shape_before", layer.shape_before}, {"shape_after", layer.shape_after},
                      {"bits_before", layer.bits_before}, {"bits_after", layer.bits_after},
                      {"zeros_before", layer.zeros_before}, {"zeros_after", layer.zeros_after}, {"snr_db", layer.snr_db}});
  return {{"step", step.step}, {"notes", step.notes}, {"layers", layers}, {"macs_before", step.macs_before},
          {"macs_after", step.macs_after}, {"weights_before", step.weights_before}, {"weights_after", step.weights_after}};
}

void print_explanation(const compress::StepExplanation& step) {
  fmt::print("{}\n  weights {} -> {}, MACs {} -> {}\n", step.step, step.weights_before, step.weights_after,
             step.macs_before, step.macs_after);
  for (const auto& note : step.notes) fmt::print("  {}\n", note);
  fmt::print("  {:<24} {:>16} {:>16} {:>9} {:>15} {:>9}\n", "kernel", "shape before", "after", "bits", "zeros", "SNR dB");
  for (const auto& layer : step.layers)
    fmt::print("  {:<24} {:>16} {:>16} {:>9} {:>15} {:>9}\n", layer.layer,
               layer.shape_before.empty() ? "-" : fmt::format("{}", fmt::join(layer.shape_before, "x")),
               layer.shape_after.empty() ? "-" : fmt::format("{}", fmt::join(layer.shape_after, "x")),
               fmt::format("{}->{}", layer.bits_before, layer.bits_after),
               fmt::format("{}->{}", layer.zeros_before, layer.zeros_after),
               layer.shape_before == layer.shape_after ? fmt::format("{:.1f}", layer.snr_db) : "-");
}

/// What each step would do, untrained and without writing anything.
int run_explain(const TrainArguments& a, const data::DataOptions& data_options, const GlobalOptions& globals) {
  const compress::Plan plan = compress::parse_plan(a.plan);
  std::filesystem::path path(a.from);
  if (std::filesystem::is_directory(path)) path /= "checkpoint.safetensors";
  learn::Model model = train::load_model(path);
  compress::check_plan(plan, model);
  compress::Samples samples;
  compress::RunHooks hooks;
  hooks.seed = a.options.seed;
  hooks.loss = learn::find_loss(a.options.loss).loss;
  hooks.samples = [&]() -> const compress::Samples& {
    if (samples.empty()) samples = train::calibration_samples(data::load_data_set(data_options, {}), a.options.calibration_samples);
    return samples;
  };
  const auto steps = compress::explain(plan, model, hooks);
  if (globals.json) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const auto& step : steps) out.push_back(to_json(step));
    fmt::print("{}\n", out.dump(2));
  } else {
    for (const auto& step : steps) print_explanation(step);
  }
  return 0;
}

}  // namespace

void add_train(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("train", "train a network from scratch; the same command resumes");
  auto a = std::make_shared<TrainArguments>();
  command->add_option("NETWORK", a->network.name, "architecture (tern list architectures) or net.json")->required();
  command->add_option("--channels", a->network.options.channels, "output channels of each convolution")->delimiter(',');
  command->add_option("--plan", a->plan, "compression on the way: \"prune:global=0.8 + quantize:w=2\"");
  add_train_options(*command, *a);
  auto data_options = add_data_options(*command);
  command->footer("Example:\n  tern train nmnist-conv --data nmnist-mini --epochs 8 -o runs/first");
  command->callback([&, a, data_options] {
    action = [&, a, data_options] { return run_training(*a, *data_options, globals); };
  });
}

void add_compress(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("compress", "prune and quantize a trained model by a plan, with fine-tuning");
  auto a = std::make_shared<TrainArguments>();
  command->add_option("MODEL", a->from, "checkpoint.safetensors or a run folder")->required();
  command->add_option("--plan", a->plan, "'|' between phases, '+' within one")->required();
  command->add_flag("--explain", a->explain, "say what each step does to which layer, without training or writing");
  add_train_options(*command, *a);
  auto data_options = add_data_options(*command);
  command->footer("Examples:\n"
                  "  tern compress runs/first --plan \"prune:global=0.8,cubic | quantize:w=2\" --data nmnist-mini -o runs/small\n"
                  "  tern compress runs/first --plan \"prune:global=0.8 + quantize:w=2,duq,ewgs\" -o runs/joint\n"
                  "  tern compress runs/first --plan \"quantize:w=4,a=8\" --epochs 0 --data nmnist-mini -o runs/w4a8\n"
                  "  tern compress runs/first --plan \"prune:global=0.9 | quantize:w=4\" --explain");
  command->callback([&, a, data_options] {
    action = [&, a, data_options] {
      return a->explain ? run_explain(*a, *data_options, globals) : run_training(*a, *data_options, globals);
    };
  });
}

}  // namespace tern::cli
