#include "cli/commands/graph_results.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "learn/torch.hpp"

namespace tern::cli {
namespace {

/// Mean and deviation (of a sample) of figures.
struct Spread {
  double mean = 0, deviation = 0;
};

Spread spread_of(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1)) : 0};
}

nlohmann::ordered_json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json to_json(const Spread& spread) {
  return {{"mean", number_or_null(spread.mean)}, {"deviation", number_or_null(spread.deviation)}};
}

double seconds_per_epoch(const train::GraphRunResult& result) {
  return result.history.empty() ? 0 : result.seconds / static_cast<double>(result.history.size());
}

/// When a run's validation score first came within half a point of its best one, and the seconds of training
/// until then: how long the run would have had to be. Epoch 0: no epoch was scored.
struct Reached {
  int epoch = 0;
  double seconds = 0;
};

Reached reached_by(const train::GraphRunResult& result) {
  double all = 0, until = 0;
  Reached out;
  for (const train::EpochResult& epoch : result.history) {
    all += epoch.seconds;
    const bool scored = std::isfinite(epoch.test_accuracy);
    if (out.epoch > 0 || !scored || epoch.validation_accuracy < result.selected.validation - 0.005) continue;
    out.epoch = epoch.epoch;
    until = all;
  }
  // Epochs of some procedures count their evaluation, which result.seconds leaves out.
  out.seconds = out.epoch > 0 && all > 0 ? until * result.seconds / all : 0;
  return out;
}

/// Figures of all seeds.
struct Totals {
  Spread validation, last, selected, epoch_seconds, seconds, reached_seconds;
  std::int64_t peak_bytes = 0;
};

Totals totals_of(const std::vector<SeedRun>& runs) {
  std::vector<double> validation, last, selected, seconds, run_seconds, reached;
  Totals out;
  for (const SeedRun& run : runs) {
    validation.push_back(run.result.last.validation);
    last.push_back(run.result.last.test);
    selected.push_back(run.result.selected_epoch > 0 ? run.result.selected.test
                                                     : std::numeric_limits<double>::quiet_NaN());
    seconds.push_back(seconds_per_epoch(run.result));
    run_seconds.push_back(run.result.seconds);
    reached.push_back(reached_by(run.result).seconds);
    out.peak_bytes = std::max(out.peak_bytes, run.result.peak_bytes);
  }
  out.validation = spread_of(validation);
  out.last = spread_of(last);
  out.selected = spread_of(selected);
  out.epoch_seconds = spread_of(seconds);
  out.seconds = spread_of(run_seconds);
  out.reached_seconds = spread_of(reached);
  return out;
}

}  // namespace

nlohmann::ordered_json results_json(const RunName& name, const std::vector<SeedRun>& runs) {
  const Totals totals = totals_of(runs);
  nlohmann::ordered_json seeds = nlohmann::ordered_json::array();
  for (const SeedRun& run : runs)
    seeds.push_back({{"seed", run.seed},
                     {"epochs", run.result.history.size()},
                     {"validation", number_or_null(run.result.last.validation)},
                     {"test", number_or_null(run.result.last.test)},
                     {"selected_epoch", run.result.selected_epoch},
                     {"selected_validation", number_or_null(run.result.selected.validation)},
                     {"selected_test", number_or_null(run.result.selected.test)},
                     {"seconds", run.result.seconds},
                     {"reached_epoch", reached_by(run.result).epoch},
                     {"reached_seconds", reached_by(run.result).seconds},
                     {"peak_bytes", run.result.peak_bytes},
                     {"notes", run.result.notes}});
  return {{"network", name.network},
          {"data", name.data},
          {"procedure", name.procedure},
          {"metric", runs.front().result.metric},
          {"weights", runs.front().weights},
          {"validation", to_json(totals.validation)},
          {"test", to_json(totals.last)},
          {"selected_test", to_json(totals.selected)},
          {"seconds_per_epoch", to_json(totals.epoch_seconds)},
          {"seconds", to_json(totals.seconds)},
          {"reached_seconds", to_json(totals.reached_seconds)},
          {"peak_bytes", totals.peak_bytes},
          {"seeds", seeds}};
}

std::string percent_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.2f}", 100 * value) : "-";
}

void print_results(const RunName& name, const std::vector<SeedRun>& runs) {
  fmt::print("{} on {}, {}, {} in %, {} weights\n", name.network, name.data, name.procedure,
             runs.front().result.metric, runs.front().weights);
  fmt::print("  {:>5} {:>7} {:>11} {:>8} {:>14} {:>8} {:>8} {:>8} {:>10}\n", "seed", "epochs", "validation",
             "test", "test selected", "at", "reached", "seconds", "ms/epoch");
  for (const SeedRun& run : runs)
    fmt::print("  {:>5} {:>7} {:>11} {:>8} {:>14} {:>8} {:>8} {:>8.3f} {:>10.2f}\n", run.seed,
               run.result.history.size(), percent_text(run.result.last.validation),
               percent_text(run.result.last.test),
               run.result.selected_epoch > 0 ? percent_text(run.result.selected.test) : "-",
               run.result.selected_epoch, reached_by(run.result).epoch, run.result.seconds,
               1000 * seconds_per_epoch(run.result));
  const Totals t = totals_of(runs);
  const auto text = [&](const Spread& s) {
    return runs.size() > 1 && std::isfinite(s.mean) ? percent_text(s.mean) + " ± " + percent_text(s.deviation)
                                                    : percent_text(s.mean);
  };
  fmt::print("test {}, selected by validation {}; {:.2f} ms an epoch, {:.3f} s a run", text(t.last),
             text(t.selected), 1000 * t.epoch_seconds.mean, t.seconds.mean);
  if (t.reached_seconds.mean > 0)
    fmt::print(", {:.3f} s until validation was within 0.5 % of its best", t.reached_seconds.mean);
  fmt::print(", at most {} MiB resident\n", t.peak_bytes >> 20);
}

}  // namespace tern::cli
