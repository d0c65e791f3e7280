// tern bench: how fast a packed model runs, step by step.
#include <algorithm>
#include <chrono>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/seed.hpp"
#include "base/threads.hpp"
#include "cli/command.hpp"
#include "engine/ceiling.hpp"
#include "engine/layers/layer.hpp"
#include "engine/program.hpp"
#include "kernels/isa.hpp"
#include "report/table.hpp"

namespace tern::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct BenchArguments {
  std::string model, kernel;
  std::int64_t num_steps = 0;
  double seconds = 2, activity = -1;
  bool candidates = false;
};

struct Measured {
  std::vector<double> latencies;  ///< microseconds, sorted
  std::vector<double> steps;      ///< least of each step
  double throughput = 0;          ///< samples a second on all threads
};

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
}

void require(bool ok, const engine::EngineError& error) {
  if (!ok) fail(ErrorKind::usage, "", "{}", error.message);
}

/// Uniform values, or spikes at `activity` of the places.
std::vector<float> random_input(std::size_t size, double activity) {
  Rng rng(1);
  std::vector<float> input(size);
  for (auto& x : input) x = activity < 0 ? static_cast<float>(rng.uniform()) : rng.uniform() < activity ? 1.0F : 0.0F;
  return input;
}

Measured measure(const engine::Program& program, const BenchArguments& a, double activity) {
  auto instance = program.instance(a.num_steps, num_threads());
  if (!instance) require(false, instance.error());
  const std::vector<float> input = random_input(instance->input_size(), activity);
  std::vector<float> output(instance->output_size());
  Measured measured;
  std::vector<double> steps;
  const auto begin = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  for (int run = 0; run < 20 || elapsed() < a.seconds; ++run) {
    const auto start = Clock::now();
    const auto done = instance->run(input, output);
    if (!done) require(false, done.error());
    if (run >= 5) measured.latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    if (run % 4 != 0) continue;
    if (!instance->run(input, output, steps)) continue;
    if (measured.steps.empty()) measured.steps = steps;
    for (std::size_t i = 0; i < steps.size(); ++i) measured.steps[i] = std::min(measured.steps[i], steps[i]);
  }
  std::sort(measured.latencies.begin(), measured.latencies.end());

  const auto n = static_cast<std::int64_t>(std::clamp(a.seconds * 5e5 / percentile(measured.latencies, 0.5), 4.0, 4096.0));
  std::vector<float> batch(static_cast<std::size_t>(n) * input.size());
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i] = input[i % input.size()];
  const auto start = Clock::now();
  const auto scores = program.run(batch, instance->num_steps(), n);
  if (!scores) require(false, scores.error());
  measured.throughput = static_cast<double>(n) / std::chrono::duration<double>(Clock::now() - start).count();
  return measured;
}

report::Table step_table(const engine::PlanDescription& plan, const Measured& measured, double ceiling, std::int64_t frames,
                         bool with_candidates) {
  report::Table table;
  table.columns = {{"nodes", "nodes"},
                   {"kernel", "kernel"},
                   {"us", "microseconds", true},
                   {"share %", "share", true},
                   {"GOP/s", "gops", true},
                   {"of dense int8 %", "of_ceiling", true},
                   {"weight bytes", "weight_bytes", true}};
  if (with_candidates) table.columns.push_back({"kernels measured (us a frame)", "candidates"});
  double total = 0;
  for (const double step : measured.steps) total += step;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto& step = plan.steps[i];
    const double gops = 2e-3 * static_cast<double>(step.macs * frames) / measured.steps[i];
    const double none = std::numeric_limits<double>::quiet_NaN();
    std::vector<report::Cell> row{step.nodes,
                                  step.kernel,
                                  {measured.steps[i], 2},
                                  {100 * measured.steps[i] / total, 1},
                                  {step.macs > 0 ? gops : none, 1},
                                  {step.macs > 0 ? 100 * gops / ceiling : none, 1},
                                  {static_cast<double>(step.weight_bytes), 0}};
    if (with_candidates) {
      std::string text;
      for (const auto& [kernel, time] : step.candidates) text += fmt::format("{}{} {:.1f}", text.empty() ? "" : ", ", kernel, time);
      row.emplace_back(text);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

int bench_model(const BenchArguments& a, const GlobalOptions& globals) {
  engine::Options options;
  options.kernel = a.kernel;
  options.cache_folder = engine::default_cache_folder();
  const auto program = engine::Program::load(a.model, options);
  if (!program) fail(ErrorKind::bad_data, "", "{}", program.error().message);
  const net::TensorType& type = program->net().type(program->net().input().name);
  const double activity = a.activity >= 0 || !type.has_time ? a.activity : 0.05;
  const Measured measured = measure(*program, a, activity);
  auto instance = program->instance(a.num_steps, num_threads());
  if (!instance) require(false, instance.error());
  const engine::PlanDescription plan = program->describe();
  const double ceiling = engine::dense_int8_ceiling();
  const report::Table table = step_table(plan, measured, ceiling, type.has_time ? instance->num_steps() : 1, a.candidates);
  const auto file_bytes = static_cast<std::int64_t>(std::filesystem::file_size(a.model));
  if (globals.json) {
    nlohmann::ordered_json json{{"model", a.model},
                                {"threads", num_threads()},
                                {"isa", name_of(kernels::current_isa())},
                                {"runs", measured.latencies.size()},
                                {"latency_us",
                                 {{"min", measured.latencies.front()},
                                  {"p50", percentile(measured.latencies, 0.5)},
                                  {"p90", percentile(measured.latencies, 0.9)},
                                  {"p99", percentile(measured.latencies, 0.99)},
                                  {"max", measured.latencies.back()}}},
                                {"samples_per_second", measured.throughput},
                                {"weight_bytes", plan.weight_bytes},
                                {"activation_bytes", instance->bytes()},
                                {"plan_bytes", plan.other_bytes},
                                {"file_bytes", file_bytes},
                                {"dense_int8_gops", ceiling},
                                {"steps", nlohmann::ordered_json::parse(table.print(report::TableFormat::json))}};
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  fmt::print("{}\n", table.print(report::TableFormat::text));
  fmt::print("latency of one sample, {} thread{}, {}: {:.1f} us least, {:.1f} median, {:.1f} p90, {:.1f} p99 ({} runs)\n",
             num_threads(), num_threads() == 1 ? "" : "s", name_of(kernels::current_isa()), measured.latencies.front(),
             percentile(measured.latencies, 0.5), percentile(measured.latencies, 0.9), percentile(measured.latencies, 0.99),
             measured.latencies.size());
  fmt::print("throughput: {:.0f} samples/s\n", measured.throughput);
  fmt::print("memory: {} bytes of packed weights, {} of activations and scratch, {} of the plan; {} in the file\n",
             plan.weight_bytes, instance->bytes(), plan.other_bytes, file_bytes);
  if (a.candidates) {
    const auto now = std::count_if(plan.steps.begin(), plan.steps.end(), [](const auto& step) { return step.measured; });
    fmt::print("kernels of {} step{} were measured now; others are kept in {}\n", now, now == 1 ? "" : "s",
               options.cache_folder.empty() ? "no folder" : options.cache_folder);
  }
  fmt::print("the dense 8-bit kernel reaches {:.0f} GOP/s here\n", ceiling);
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("bench", "how fast a packed model runs here: latency, throughput, memory, and every step's kernel");
  auto a = std::make_shared<BenchArguments>();
  command->add_option("MODEL", a->model, "a .tern file")->required();
  command->add_option("--num-steps", a->num_steps, "steps of a sample, where the model leaves them open")->check(CLI::PositiveNumber);
  command->add_option("--seconds", a->seconds, "to measure for")->check(CLI::Range(0.1, 600.0))->capture_default_str();
  command->add_option("--activity", a->activity, "share of ones in the input (models with time: 0.05); otherwise uniform values")
      ->check(CLI::Range(0.0, 1.0));
  std::vector<std::string> kernels;
  for (const auto& kernel : engine::layer_kernels()) kernels.emplace_back(kernel.name);
  command->add_option("--kernel", a->kernel, "take this kernel wherever it suits, instead of the fastest")
      ->check(CLI::IsMember(kernels));
  command->add_flag("--candidates", a->candidates, "list what every kernel took while planning, or when it was measured before (TERN_CACHE=off: always now)");
  command->footer("Examples:\n  tern bench model.tern --threads 1\n  tern bench model.tern --candidates\n"
                  "  tern bench model.tern --kernel sparse --json");
  command->callback([&, a] {
    action = [&, a] { return bench_model(*a, globals); };
  });
}

}  // namespace tern::cli
