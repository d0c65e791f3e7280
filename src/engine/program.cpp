#include "engine/program.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "base/thread_pool.hpp"
#include "base/threads.hpp"
#include "engine/guarded.hpp"
#include "engine/node_plan.hpp"
#include "engine/plan/footprint.hpp"
#include "engine/plan/fused_plan.hpp"

namespace tern::engine {
std::string_view name_of(EngineErrorKind kind) {
  switch (kind) {
    case EngineErrorKind::io: return "io";
    case EngineErrorKind::bad_model: return "bad_model";
    case EngineErrorKind::unsupported: return "unsupported";
    case EngineErrorKind::bad_input: return "bad_input";
    case EngineErrorKind::out_of_memory: return "out_of_memory";
    case EngineErrorKind::internal: return "internal";
  }
  return "?";
}

namespace {

std::size_t elements(const net::TensorType& type, std::int64_t num_steps) {
  return static_cast<std::size_t>(Extent{num_steps, 1}.frames(type) * net::num_elements(type.shape));
}

}  // namespace

struct Program::State {
  State(const pack::PackedModel& model, const Options& options) : net(model.net), metadata(model.metadata) {
    if (net.nodes().empty()) fail(ErrorKind::usage, "net '" + net.name() + "'", "the Net has no nodes");
    pack::check_model(model);
    if (options.fuse) fused = std::make_shared<const FusedPlan>(model, options);
    else nodes = std::make_unique<const NodePlan>(model);
    for (const auto& node : net.nodes()) largest = std::max(largest, net::num_elements(net.type(node.name).shape));
  }

  const net::TensorType& input_type() const { return net.type(net.input().name); }
  const net::TensorType& output_type() const { return net.type(net.output().name); }
  std::string place() const { return fmt::format("net '{}'", net.name()); }

  /// Errors: ErrorKind::usage for a number of steps that the Net does not run with.
  void check_steps(std::int64_t num_steps) const {
    const std::int64_t steps = input_type().has_time ? net.num_steps() : 1;
    if (num_steps < 1 || (steps > 0 && num_steps != steps))
      fail(ErrorKind::usage, place(), "expected num_steps {}, got {}", steps > 0 ? std::to_string(steps) : "> 0", num_steps);
    if (num_steps > std::numeric_limits<std::int64_t>::max() / 64 / largest)
      fail(ErrorKind::usage, place(), "{} steps overflow", num_steps);
  }

  /// Errors: also for frames of another size.
  void check_input(std::size_t size, Extent extent) const {
    check_steps(extent.num_steps);
    if (extent.n < 1) fail(ErrorKind::usage, place(), "expected at least one sample, got {}", extent.n);
    if (extent.num_steps > std::numeric_limits<std::int64_t>::max() / 64 / largest / extent.n)
      fail(ErrorKind::usage, place(), "{} steps of {} samples overflow", extent.num_steps, extent.n);
    const net::Shape& shape = input_type().shape;
    const std::int64_t expected = extent.num_steps * extent.n * net::num_elements(shape);
    if (static_cast<std::int64_t>(size) != expected)
      fail(ErrorKind::usage, place(), "expected frames [{}, {}, {}] = {} values, got {}", extent.num_steps, extent.n,
           fmt::join(shape, ", "), expected, size);
  }

  net::Net net;
  std::map<std::string, std::string> metadata;
  std::shared_ptr<const FusedPlan> fused;    ///< one of the two
  std::unique_ptr<const NodePlan> nodes;
  std::int64_t largest = 1;                  ///< elements of an activation
};

struct Instance::State {
  State(std::shared_ptr<const Program::State> of, std::int64_t num_steps, int num_threads)
      : program(std::move(of)), arena(program->fused, num_steps, num_threads),
        pool(num_threads > 1 ? std::make_unique<ThreadPool>(num_threads) : nullptr),
        input_size(elements(program->input_type(), num_steps)), output_size(elements(program->output_type(), num_steps)) {}

  std::shared_ptr<const Program::State> program;
  Arena arena;
  std::unique_ptr<ThreadPool> pool;  ///< null: the caller's thread alone
  std::size_t input_size, output_size;
};

namespace {

/// Runs samples [begin, end) one after another through `run_one`: one sample's activations stay in the cache.
template <class RunOne>
void run_samples(const net::TensorType& src_type, const net::TensorType& dst_type, Extent extent, std::int64_t begin,
                 std::int64_t end, const float* frames, float* scores, RunOne run_one) {
  const std::int64_t src_size = net::num_elements(src_type.shape), dst_size = net::num_elements(dst_type.shape);
  const std::int64_t dst_frames = Extent{extent.num_steps, 1}.frames(dst_type);
  std::vector<float> src(static_cast<std::size_t>(src_size * extent.num_steps));
  std::vector<float> dst(static_cast<std::size_t>(dst_size * dst_frames));
  for (std::int64_t sample = begin; sample < end; ++sample) {
    for (std::int64_t t = 0; t < extent.num_steps; ++t)
      std::copy_n(frames + (t * extent.n + sample) * src_size, src_size, src.begin() + t * src_size);
    run_one(src.data(), dst.data());
    for (std::int64_t t = 0; t < dst_frames; ++t)
      std::copy_n(dst.begin() + t * dst_size, dst_size, scores + (t * extent.n + sample) * dst_size);
  }
}

}  // namespace

Result<Program> Program::load(const std::string& path, const Options& options) {
  return guarded<Program>(EngineErrorKind::bad_model, [&] {
    return Program(std::make_shared<const State>(pack::read_model(path), options));
  });
}

Result<Program> Program::from(const pack::PackedModel& model, const Options& options) {
  return guarded<Program>(EngineErrorKind::bad_model,
                          [&] { return Program(std::make_shared<const State>(model, options)); });
}

Result<std::vector<float>> Program::run(std::span<const float> frames, std::int64_t num_steps, std::int64_t n,
                                        const Observer& observer) const {
  return guarded<std::vector<float>>(EngineErrorKind::bad_input, [&] {
    const Extent extent{num_steps, n};
    state_->check_input(frames.size(), extent);
    const net::TensorType &src = state_->input_type(), &dst = state_->output_type();
    std::vector<float> scores(elements(dst, num_steps) * static_cast<std::size_t>(n));
    if (observer) {
      if (!state_->nodes)
        fail(ErrorKind::usage, state_->place(), "an observer needs a program that is planned with fuse = false");
      Workspace workspace;
      state_->nodes->run(extent, frames.data(), scores.data(), workspace, observer);
      return scores;
    }
    parallel_for(n, 1, [&](std::int64_t begin, std::int64_t end) {
      if (state_->fused) {
        Arena arena(state_->fused, num_steps, n == 1 ? num_threads() : 1);
        run_samples(src, dst, extent, begin, end, frames.data(), scores.data(),
                    [&](const float* x, float* y) { arena.run(x, y); });
      } else {
        Workspace workspace;
        run_samples(src, dst, extent, begin, end, frames.data(), scores.data(), [&](const float* x, float* y) {
          state_->nodes->run({num_steps, 1}, x, y, workspace, {});
        });
      }
    });
    return scores;
  });
}

Result<Instance> Program::instance(std::int64_t num_steps, int num_threads) const {
  return guarded<Instance>(EngineErrorKind::bad_input, [&] {
    if (num_steps == 0) num_steps = std::max<std::int64_t>(1, state_->input_type().has_time ? state_->net.num_steps() : 1);
    state_->check_steps(num_steps);
    if (num_threads < 1) fail(ErrorKind::usage, state_->place(), "expected at least one thread, got {}", num_threads);
    if (!state_->fused) fail(ErrorKind::unsupported, state_->place(), "an instance needs a program that is planned with fuse = true");
    return Instance(std::make_unique<Instance::State>(state_, num_steps, num_threads));
  });
}

PlanDescription Program::describe() const {
  PlanDescription description;
  if (!state_->fused) return description;
  for (const auto& step : state_->fused->steps())
    description.steps.push_back({step->facts.nodes, step->facts.kernel, step->facts.macs, step->facts.weight_bytes, step->facts.candidates,
                                 step->facts.measured});
  description.weight_bytes = state_->fused->weight_bytes();
  description.other_bytes = state_->fused->other_bytes() + held_bytes(state_->net);
  return description;
}

const net::Net& Program::net() const { return state_->net; }
const std::map<std::string, std::string>& Program::metadata() const { return state_->metadata; }

Instance::Instance(std::unique_ptr<State> state) : state_(std::move(state)) {}
Instance::Instance(Instance&&) noexcept = default;
Instance& Instance::operator=(Instance&&) noexcept = default;
Instance::~Instance() = default;

Result<std::monostate> Instance::run(std::span<const float> input, std::span<float> output) {
  return guarded<std::monostate>(EngineErrorKind::bad_input, [&] {
    check(input.size(), output.size());
    const PoolScope threads(state_->pool.get());
    state_->arena.run(input.data(), output.data());
    return std::monostate{};
  });
}

Result<std::monostate> Instance::run(std::span<const float> input, std::span<float> output, std::vector<double>& microseconds) {
  return guarded<std::monostate>(EngineErrorKind::bad_input, [&] {
    check(input.size(), output.size());
    const PoolScope threads(state_->pool.get());
    state_->arena.run(input.data(), output.data(), microseconds);
    return std::monostate{};
  });
}

void Instance::check(std::size_t input, std::size_t output) const {
  if (input != state_->input_size || output != state_->output_size)
    fail(ErrorKind::usage, state_->program->place(), "expected {} values in and {} out, got {} and {}", state_->input_size,
         state_->output_size, input, output);
}

std::int64_t Instance::num_steps() const { return state_->arena.num_steps(); }
std::size_t Instance::input_size() const { return state_->input_size; }
std::size_t Instance::output_size() const { return state_->output_size; }
std::size_t Instance::bytes() const { return state_->arena.bytes(); }

}  // namespace tern::engine
