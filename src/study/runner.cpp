#include "study/runner.hpp"

#include <chrono>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "base/threads.hpp"
#include "compress/plan.hpp"
#include "cost/accelerator.hpp"
#include "learn/torch.hpp"
#include "report/html.hpp"
#include "study/environment.hpp"
#include "study/example.hpp"
#include "study/grid.hpp"
#include "study/network.hpp"
#include "train/checkpoint.hpp"

namespace tern::study {
namespace {

using Clock = std::chrono::steady_clock;

class Runner {
 public:
  Runner(const StudyConfig& config, const RunOptions& options)
      : config_(config), options_(options), store_(prepare_folder(options.folder) / "results.sqlite"),
        accelerator_(cost::read_accelerator(config.hardware)),
        data_(data::load_data_set(config.data, options.progress)),
        context_{config_, data_, accelerator_, options.folder}, worker_(report::Worker::here()) {}

  StudyResult go() {
    environment_ = describe_environment();
    environment_.emplace_back("data checksum", to_hex(data_.checksum));
    store_.add_study({config_.name, config_.resolved, to_hex(fnv1a_64(config_.identity)), config_.seeds.front(), "", environment_});
    const auto trials = trials_of_networks();
    store_.add_trials(config_.name, trials);
    store_.drop_unfinished_except(config_.name, trials);
    write_file_atomically(options_.folder / "config.yaml", config_.resolved);
    write_file_atomically(options_.folder / "env.json", nlohmann::ordered_json(environment_).dump(2));
    check_plans();
    for (const auto& spec : trials) check_unchanged(context_, spec);
    while (const auto spec = store_.claim_next(config_.name, worker_)) run_one(*spec);
    return finish();
  }

 private:
  /// The study's trials, those of spiking networks with the width of a spike where their plan names none.
  std::vector<report::TrialSpec> trials_of_networks() const {
    auto trials = make_trials(config_);
    for (auto& trial : trials) {
      const NamedPlan* plan = find_plan(config_, trial);
      if (trial.activation_bits == 32 && carries_spikes(make_network(plan ? plan->network : config_.network, data_)))
        trial.activation_bits = 1;
    }
    return trials;
  }

  /// Before any training: what the plans ask of the network.
  void check_plans() const {
    for (const auto& plan : config_.plans) {
      try {
        compress::check_plan(compress::parse_plan(plan.plan), learn::Model(make_network(plan.network, data_), 1));
      } catch (const Error& error) {
        throw Error(error.kind(), fmt::format("{} (plan '{}')", error.message(), plan.name), error.place());
      }
    }
  }

  static std::filesystem::path prepare_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) fail(ErrorKind::io, folder.string(), "cannot create the folder: {}", error.message());
    return folder;
  }

  void run_one(const report::TrialSpec& spec) {
    report::TrialRecord record;
    try {
      if (spec.combination != "baseline") wait_for_baseline(spec);
      record = run_trial(context_, spec, beating(spec));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        store_.release(config_.name, spec.key, worker_);
        throw;
      }
      static_cast<report::TrialSpec&>(record) = spec;
      record.status = "failed";
      record.error = error.what();
    }
    store_.save(config_.name, record);
    if (options_.on_trial) options_.on_trial(record, store_.counts(config_.name));
  }

  /// Progress under the trial's name, which also keeps the claim alive.
  ProgressCallback beating(const report::TrialSpec& spec) {
    last_beat_ = Clock::now();
    return [this, spec](const Progress& given) {
      if (Clock::now() - last_beat_ > std::chrono::seconds(20)) {
        store_.heartbeat(config_.name, spec.key, worker_);
        last_beat_ = Clock::now();
      }
      if (!options_.progress) return;
      Progress progress = given;
      progress.stage = spec.key;
      options_.progress(progress);
    };
  }

  /// Another worker may still be training the baseline that this trial starts from.
  void wait_for_baseline(const report::TrialSpec& spec) {
    const std::string key = fmt::format("baseline/seed{}", spec.seed);
    while (true) {
      const auto baseline = store_.find(config_.name, key);
      if (baseline && baseline->status == "done") return;
      if (baseline && baseline->status == "failed")
        fail(ErrorKind::bad_data, spec.key, "its starting point '{}' failed: {}", key, baseline->error);
      if (stop_requested()) fail(ErrorKind::interrupted, spec.key, "stopped");
      store_.heartbeat(config_.name, spec.key, worker_);
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
  }

  StudyResult finish() {
    StudyResult result;
    result.trials = store_.load(config_.name);
    result.groups = report::group_trials(result.trials);
    result.finding = report::finding(result.groups, config_.tolerance);
    for (const auto& trial : result.trials) result.failed += trial.status == "failed";
    std::optional<report::ExampleRaster> example;
    if (const auto best = report::cheapest_within(result.groups, config_.tolerance)) {
      const std::string key = result.trials[result.groups[*best].trials.front()].key;
      result.winner = hand_over(context_, key);
      if (data_.test.size()) {
        learn::Model model = train::load_model(trial_checkpoint(context_, key));
        example = make_example(model, data_, data_.test, 0);
      }
    }
    result.report = options_.folder / "report.html";
    write_file_atomically(result.report, report::render_report(report_data(result, std::move(example))));
    return result;
  }

  report::ReportData report_data(const StudyResult& result, std::optional<report::ExampleRaster> example) const {
    report::ReportData page;
    page.name = config_.name;
    page.title = config_.title;
    page.split = data_.split_statement;
    page.data = fmt::format("{}: {} classes ({}), samples of {} steps of {}; {} to train, {} to validate, {} to test. {}",
                            data_.name, data_.num_classes(), fmt::join(data_.class_names, ", "), data_.num_steps,
                            net::to_string(data_.sample_shape), data_.train.size(), data_.validation.size(),
                            data_.test.size(), data_.transform);
    page.data_checksum = to_hex(data_.checksum);
    page.config = config_.resolved;
    page.created = store_.study(config_.name).created;
    page.seed = config_.seeds.front();
    page.environment = environment_;
    page.commands = options_.commands;
    page.trials = result.trials;
    page.tolerance = config_.tolerance;
    page.example = std::move(example);
    return page;
  }

  const StudyConfig& config_;
  const RunOptions& options_;
  report::ResultStore store_;
  cost::Accelerator accelerator_;
  data::FrameDataset data_;
  StudyContext context_;
  report::Worker worker_;
  report::TextPairs environment_;
  Clock::time_point last_beat_;
};

}  // namespace

StudyResult run_study(const StudyConfig& config, const RunOptions& options) {
  if (config.threads > 0) at::set_num_threads(config.threads);
  return Runner(config, options).go();
}

}  // namespace tern::study
