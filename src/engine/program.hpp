// Runs a packed network, from a `.tern` file to scores, without the training stack.
//
// `engine` owns what it takes to run: a plan (which operation after which, in which memory) and one kernel family for
// each kind of operation in ops/. The plan knows no arithmetic and the kernels know no Net: either is replaced
// without the other. It must not know how a network is trained, and never includes torch.
//
// Arithmetic. Training evaluates in the same order with the same roundings (the build forbids fused multiply-add), so
// that quantized spiking networks agree bit for bit:
//   - conv2d and linear with uniform codes, one scale for the tensor or for each output channel: acc = sum of code * src.
//     Where src comes from a `quantize` node (net::quantized_source), src is first turned back into its integers,
//     round(src * (1 / src_scale)), and the weight's scale becomes scale * src_scale. Then dst = acc * scale, + bias.
//     acc is exact: in float where sum |code| * largest src <= 2^24 (net::fits_float), else in double, rounded once.
//     Group scales, codebooks and floats are float weights, and agree within rounding, as float sources do.
//   - quantize: round(clamp(src * (1 / scale), low, high)) * scale, ties to even.
//   - batch_norm: kernels::fold_batch_norm, then scale * x + shift. if, lif: kernels::neuron_forward.
//   - pooling: kernels::max_pool2d_forward, avg_pool2d_forward; global_avg_pool is avg_pool2d of one window.
//     mean_time, vote: sum in order, then one division.
//   - add, multiply: inputs in their order. relu, relu6, hard_sigmoid, hard_swish, leaky_relu: as training; sigmoid and
//     silu agree with it within the rounding of exp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/options.hpp"
#include "engine/result.hpp"
#include "net/net.hpp"
#include "pack/model_file.hpp"

namespace tern::engine {

/// Sees every node's output in order: its name, its values and their extents, [num_steps, n, shape...] or
/// [n, shape...] as the Net types it (c, h, w order), row-major. The values live for the call only.
using Observer = std::function<void(std::string_view node, std::span<const float> values, const net::Shape& extents)>;

/// One step of a plan: the nodes that it computes together, and its kernel.
struct StepDescription {
  std::string nodes, kernel;
  std::int64_t macs = 0;                 ///< of one frame
  std::size_t weight_bytes = 0;
  std::vector<std::pair<std::string, double>> candidates;  ///< kernels measured, microseconds of a frame, fastest first
  bool measured = false;                 ///< now, not remembered from before
};

struct PlanDescription {
  std::vector<StepDescription> steps;
  std::size_t weight_bytes = 0;  ///< of kernels, as packed for this processor
  std::size_t other_bytes = 0;   ///< the network's description, the steps and their values for each channel
};

class Instance;

/// A network ready to run. Cheap to copy (shared and immutable); run may be called from many threads at once.
/// No exception leaves a public call.
class Program {
 public:
  /// Reads and plans a `.tern` file. Errors: io, bad_model, unsupported (the operation's name and the reason).
  static Result<Program> load(const std::string& path, const Options& options = {});
  /// The same from a model in memory.
  static Result<Program> from(const pack::PackedModel& model, const Options& options = {});

  /// Runs n samples of num_steps steps.
  /// frames: [num_steps, n, shape...], row-major, where `shape` is that of the Net's input (usually c, h, w).
  /// A Net that states its num_steps runs with that number; one whose input has no time axis takes num_steps = 1.
  /// Returns the output node's values, [n, shape...] (usually [n, classes]), or [num_steps, n, shape...] where the
  /// output has a time axis. Samples are spread over tern::num_threads() threads; a sample's scores depend neither on
  /// its neighbours nor on the number of threads.
  /// An `observer` sees every node; the whole batch then advances node by node, with the same bits. It needs a program
  /// planned with Options::fuse off.
  /// Errors: bad_input with the size expected and got; out_of_memory; internal when the observer throws.
  Result<std::vector<float>> run(std::span<const float> frames, std::int64_t num_steps, std::int64_t n,
                                 const Observer& observer = {}) const;

  /// One caller's memory, for samples of num_steps steps (0: the Net's own number, or 1), that runs each sample on
  /// up to num_threads threads. Nothing is allocated once it is made. Errors: bad_input; out_of_memory; unsupported
  /// without Options::fuse.
  Result<Instance> instance(std::int64_t num_steps = 0, int num_threads = 1) const;

  /// What was planned; empty without Options::fuse.
  PlanDescription describe() const;

  const net::Net& net() const;
  /// The file's free texts: class names, accuracy, provenance.
  const std::map<std::string, std::string>& metadata() const;

 private:
  friend class Instance;
  struct State;
  explicit Program(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// One caller's memory for a Program, for one thread at a time. Movable.
class Instance {
 public:
  Instance(Instance&&) noexcept;
  Instance& operator=(Instance&&) noexcept;
  ~Instance();

  /// One sample: input [num_steps, shape...], output likewise, in the Net's order. Errors: bad_input for other sizes.
  Result<std::monostate> run(std::span<const float> input, std::span<float> output);
  /// The same, with the microseconds of each step of PlanDescription::steps.
  Result<std::monostate> run(std::span<const float> input, std::span<float> output, std::vector<double>& microseconds);

  std::int64_t num_steps() const;
  std::size_t input_size() const;
  std::size_t output_size() const;
  /// Memory of activations and scratch, all of it.
  std::size_t bytes() const;

 private:
  friend class Program;
  struct State;
  explicit Instance(std::unique_ptr<State> state);
  void check(std::size_t input, std::size_t output) const;
  std::unique_ptr<State> state_;
};

}  // namespace tern::engine
