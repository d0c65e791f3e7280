// tern study: the main job.
#include <filesystem>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "learn/torch.hpp"
#include "report/table.hpp"
#include "study/grid.hpp"
#include "study/runner.hpp"
#include "study/study_file.hpp"

namespace tern::cli {
namespace {

struct StudyArguments {
  std::string file, format = "text";
  std::vector<std::string> overrides;
  std::filesystem::path folder;
  bool dry_run = false;
};

std::string command_line(const StudyArguments& a) {
  std::string line = "tern study " + a.file;
  for (const auto& text : a.overrides) line += " --set '" + text + "'";
  return line;
}

int print_trials(const study::StudyConfig& config) {
  const auto trials = study::make_trials(config);
  for (const auto& trial : trials) fmt::print("{:<32} {}\n", trial.key, trial.plan.empty() ? "(plain training)" : trial.plan);
  fmt::print("{} trials; nothing was run\n", trials.size());
  return 0;
}

void print_result(const study::StudyResult& result, const StudyArguments& a, bool json) {
  const report::Table table = report::study_table(result.groups);
  if (json || a.format == "json") {
    nlohmann::ordered_json out{{"table", nlohmann::ordered_json::parse(table.print(report::TableFormat::json))},
                               {"finding", result.finding}, {"report", result.report.string()}, {"failed", result.failed}};
    if (result.winner)
      out["winner"] = {{"trial", result.winner->key}, {"model", result.winner->model.string()},
                       {"bytes", result.winner->file_bytes}, {"samples", result.winner->samples},
                       {"engine_accuracy", result.winner->engine_accuracy},
                       {"disagreements", result.winner->disagreements}};
    fmt::print("{}\n", out.dump(2));
    return;
  }
  fmt::print("\n{}\n{}\n", table.print(report::table_format(a.format)), result.finding);
  if (result.winner)
    fmt::print("winner  {} ({}, {} bytes): {:.2f}% in the engine, {} of {} predictions differ from the trained model's\n",
               result.winner->model.string(), result.winner->key, result.winner->file_bytes,
               100 * result.winner->engine_accuracy, result.winner->disagreements, result.winner->samples);
  fmt::print("report  {}\n", result.report.string());
}

int run(const StudyArguments& a, const GlobalOptions& globals) {
  const study::StudyConfig config = study::read_study(a.file, a.overrides);
  if (a.dry_run) return print_trials(config);
  ProgressPrinter progress(globals.quiet);
  study::RunOptions options;
  options.folder = a.folder.empty() ? std::filesystem::path("runs") / config.name : a.folder;
  options.commands = {command_line(a)};
  options.progress = std::ref(progress);
  options.on_trial = [&](const report::TrialRecord& trial, const report::TrialCounts& counts) {
    progress.clear();
    if (globals.quiet) return;
    const std::string head = fmt::format("{}/{} {}", counts.done + counts.failed, counts.total(), trial.key);
    if (trial.status == "failed") fmt::print(stderr, "{}: failed: {}\n", head, trial.error);
    else
      fmt::print(stderr, "{}: validation {:.2f}%, {:.1f}% zeros, {:.4g} mJ, {}\n", head, 100 * trial.validation_accuracy,
                 100 * trial.zeros, trial.energy_mj, duration_text(trial.train_seconds));
  };
  const study::StudyResult result = study::run_study(config, options);
  progress.clear();
  print_result(result, a, globals.json);
  const bool wrong = result.winner && result.winner->disagreements > 0;
  return result.failed > 0 || wrong ? 1 : 0;
}

}  // namespace

void add_study(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("study", "train, compress, cost and compare: table, report and packed winner");
  auto a = std::make_shared<StudyArguments>();
  command->add_option("FILE", a->file, "the study (studies/*.yaml)")->required();
  command->add_option("--set", a->overrides, "override a key: --set train.epochs=3");
  command->add_option("-o,--output", a->folder, "run folder (default: runs/NAME); the same folder resumes");
  command->add_option("--format", a->format, "text, markdown, csv or json")
      ->check(CLI::IsMember({"text", "markdown", "csv", "json"}))->capture_default_str();
  command->add_flag("--dry-run", a->dry_run, "print the trials and stop");
  command->footer("Examples:\n  tern study studies/demo.yaml\n  tern study studies/nmnist.yaml --set data.path=/data/nmnist\n"
                  "  tern study studies/nmnist.yaml --dry-run\nSeveral processes may run the same study in one folder.");
  command->callback([&, a] { action = [&, a] { return run(*a, globals); }; });
}

}  // namespace tern::cli
