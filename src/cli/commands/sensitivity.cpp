// tern sensitivity: which layer hurts.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/terminal.hpp"
#include "learn/torch.hpp"
#include "train/checkpoint.hpp"
#include "train/sensitivity.hpp"

namespace tern::cli {
namespace {

struct SensitivityArguments {
  std::string from;
  std::vector<std::string> steps{"quantize:w=4,affine", "prune:local=0.8"};
  std::int64_t samples = 1000;
};

int run_sensitivity(const SensitivityArguments& a, const data::DataOptions& data_options, const GlobalOptions& globals) {
  ProgressPrinter progress(globals.quiet);
  std::filesystem::path path(a.from);
  if (std::filesystem::is_directory(path)) path /= "checkpoint.safetensors";
  learn::Model model = train::load_model(path);
  const data::FrameDataset data = data::load_data_set(data_options, std::ref(progress));
  const data::Split& split = data.validation.size() ? data.validation : data.train;
  const auto rows = train::measure_sensitivity(model, a.steps, data, split, a.samples, std::ref(progress));
  progress.clear();
  if (globals.json) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const auto& row : rows)
      out.push_back({{"layer", row.layer}, {"step", row.step}, {"snr_db", row.snr_db}, {"accuracy", row.accuracy},
                     {"accuracy_loss", row.accuracy_loss}});
    fmt::print("{}\n", out.dump(2));
    return 0;
  }
  fmt::print("{:<28} {:<28} {:>9} {:>11} {:>12}\n", "layer", "step", "SNR dB", "accuracy", "points lost");
  for (const auto& row : rows)
    fmt::print("{:<28} {:<28} {:>9.2f} {:>10.2f}% {:>12.2f}\n", row.layer, row.step, row.snr_db, 100 * row.accuracy,
               100 * row.accuracy_loss);
  return 0;
}

}  // namespace

void add_sensitivity(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("sensitivity", "rank layers by the damage that a compression step does to each alone");
  auto a = std::make_shared<SensitivityArguments>();
  command->add_option("MODEL", a->from, "checkpoint.safetensors or a run folder")->required();
  command->add_option("--step", a->steps, "a plan's step; may be given several times")->capture_default_str();
  command->add_option("--samples", a->samples, "of the validation split")->check(CLI::PositiveNumber)->capture_default_str();
  auto data_options = add_data_options(*command);
  command->footer("Example:\n  tern sensitivity runs/first --data nmnist-mini --step quantize:w=3,affine --step prune:local=0.9");
  command->callback([&, a, data_options] {
    action = [&, a, data_options] { return run_sensitivity(*a, *data_options, globals); };
  });
}

}  // namespace tern::cli
