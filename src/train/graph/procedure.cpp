#include "train/graph/procedure.hpp"

#include <sys/resource.h>

#include <charconv>
#include <chrono>
#include <cmath>

#include "base/error.hpp"
#include "learn/torch.hpp"
#include "train/parallel/data_parallel.hpp"
#include "train/parallel/rank_source.hpp"

namespace tern::train {
namespace {

const ParameterInfo& parameter_of(const MethodInfo& info, std::string_view name) {
  for (const auto& parameter : info.parameters)
    if (parameter.name == name) return parameter;
  fail(ErrorKind::internal, info.name, "asks for a parameter '{}' that it does not list", name);
}

template <typename Number>
Number number_of(const MethodInfo& info, const std::string& text, std::string_view name, const char* kind) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    fail(ErrorKind::usage, info.name, "{} is '{}', expected {}", name, text, kind);
  return value;
}

std::int64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

/// A source whose evaluations are timed, so that they can be told apart from training.
class TimedSource : public BatchSource {
 public:
  explicit TimedSource(BatchSource& source) : source_(source) {}
  std::string place() const override { return source_.place(); }
  std::string identity() const override { return source_.identity(); }
  std::int64_t batches_per_epoch() const override { return source_.batches_per_epoch(); }
  std::int64_t samples_per_epoch() const override { return source_.samples_per_epoch(); }
  TrainBatch batch(std::int64_t epoch, std::int64_t index) override { return source_.batch(epoch, index); }
  compress::Samples samples(std::int64_t count) override { return source_.samples(count); }
  Scores evaluate(learn::Model& model) override {
    const auto start = std::chrono::steady_clock::now();
    const Scores scores = source_.evaluate(model);
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return scores;
  }
  double seconds() const { return seconds_; }

 private:
  BatchSource& source_;
  double seconds_ = 0;
};

}  // namespace

std::string parameter_text(const MethodInfo& info, const GraphProcedureOptions& options,
                           std::string_view name) {
  const ParameterInfo& parameter = parameter_of(info, name);
  const auto found = options.parameters.find(parameter.name);
  return found == options.parameters.end() ? parameter.fallback : found->second;
}

std::int64_t parameter_int(const MethodInfo& info, const GraphProcedureOptions& options,
                           std::string_view name) {
  return number_of<std::int64_t>(info, parameter_text(info, options, name), name, "a whole number");
}

double parameter_float(const MethodInfo& info, const GraphProcedureOptions& options, std::string_view name) {
  return number_of<double>(info, parameter_text(info, options, name), name, "a number");
}

bool parameter_bool(const MethodInfo& info, const GraphProcedureOptions& options, std::string_view name) {
  const std::string text = parameter_text(info, options, name);
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  fail(ErrorKind::usage, info.name, "{} is '{}', expected true or false", name, text);
}

void summarise(GraphRunResult& result) {
  result.seconds = 0;
  result.selected = {};
  result.selected_epoch = 0;
  for (const EpochResult& epoch : result.history) {
    result.seconds += epoch.seconds;
    // An epoch without a validation score has 0 there.
    if (!std::isfinite(epoch.test_accuracy) || !(epoch.validation_accuracy > result.selected.validation))
      continue;
    result.selected = {epoch.validation_accuracy, epoch.test_accuracy};
    result.selected_epoch = epoch.epoch;
  }
  if (!result.history.empty() && std::isfinite(result.history.back().test_accuracy))
    result.last = {result.history.back().validation_accuracy, result.history.back().test_accuracy};
  result.peak_bytes = peak_resident_bytes();
}

GraphRunResult run_source(learn::Model& model, BatchSource& source, const GraphProcedureOptions& options,
                          const std::string& metric, bool divided) {
  TimedSource timed(source);
  GraphRunResult result;
  result.metric = metric;
  const auto note = [&](const std::string& text) {
    result.notes.push_back(text);
    if (options.on_note) options.on_note(text);
  };
  if (options.group && options.group->size() > 1) {
    if (divided && !options.plan.phases.empty())
      fail(ErrorKind::usage, "plan",
           "processes that run clusters of their own see other activations each: leave blocks at 1, or compress in "
           "one process");
    DataParallel parallel(model, options.group);
    parallel.check_equal_parameters();
    RankSource share(timed, divided ? nullptr : options.group);
    TrainOptions train_options = options.train;
    train_options.exchange = &parallel;
    train_options.writes_checkpoint = parallel.is_first();
    result.history =
        train(model, share, options.plan, train_options, options.progress, options.on_epoch, note);
    if (!options.plan.phases.empty()) parallel.check_equal_parameters();
  } else {
    result.history =
        train(model, timed, options.plan, options.train, options.progress, options.on_epoch, note);
  }
  summarise(result);
  result.seconds -= std::min(result.seconds, timed.seconds());
  if (result.history.empty() || !std::isfinite(result.history.back().test_accuracy)) {
    const c10::NoGradGuard no_grad;
    result.last = source.evaluate(model);
  }
  return result;
}

}  // namespace tern::train
