#include "cost/workload.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"

namespace tern::cost {
namespace {

constexpr int widest_sum_bits = 32;

std::size_t index(Tensor tensor) {
  return static_cast<std::size_t>(tensor);
}

void place_all(Workload& work, const Accelerator& accelerator, const WorkloadContext& context) {
  for (const Tensor tensor : all_tensors) place(work, tensor, accelerator);
  const LoopNest& nest = work.nest;
  const double steps = static_cast<double>(at(nest.bounds, Dim::t));
  const auto keep_on_chip = [&](Tensor tensor, double bits) {
    if (fits_half(bits, work.inner_of(tensor), accelerator)) work.home[index(tensor)] = work.inner_of(tensor);
  };
  if (!nest.reads_net_input)
    keep_on_chip(Tensor::inputs,
                 work.input_stored_bits * static_cast<double>(nest.src_elements() * nest.groups));
  keep_on_chip(Tensor::outputs, work.dst_stored_bits * static_cast<double>(nest.dst_elements) * steps);
  if (!work.step_by_step) {
    keep_on_chip(Tensor::membrane, static_cast<double>(nest.neurons) * work.psum_bits);
    return;
  }
  if (context.membranes_persist_on_chip) work.home[index(Tensor::membrane)] = work.inner_of(Tensor::membrane);
  const bool on_chip = work.home_of(Tensor::membrane) == static_cast<int>(accelerator.memories.size()) - 1;
  if (on_chip) work.membrane_resident_bits = context.membrane_bits;
}

/// Encodings that every level holding the tensor supports.
std::vector<Encoding> supported(Tensor tensor, const Accelerator& accelerator) {
  std::vector<Encoding> encodings;
  for (const EncodingInfo& row : encoding_table()) {
    const auto accepts = [&](const MemoryLevel& level) {
      return !level.holds_tensor(tensor) ||
             std::find(level.encodings.begin(), level.encodings.end(), row.encoding) != level.encodings.end();
    };
    if (std::all_of(accelerator.memories.begin(), accelerator.memories.end(), accepts))
      encodings.push_back(row.encoding);
  }
  return encodings;
}

/// Dense and the cheapest compressed encoding, or the fixed one.
std::vector<Encoding> candidates(std::optional<Encoding> fixed, Tensor tensor,
                                 const TensorStatistics& statistics, const LoopNest& nest,
                                 const Accelerator& accelerator) {
  auto allowed = supported(tensor, accelerator);
  if (fixed) {
    if (std::find(allowed.begin(), allowed.end(), *fixed) == allowed.end())
      fail(ErrorKind::unsupported, fmt::format("node '{}' ({})", nest.node, nest.op),
           "{} cannot store its {} as {}", accelerator.name, name_of(tensor), name_of(*fixed));
    return {*fixed};
  }
  allowed.erase(allowed.begin());
  if (allowed.empty()) return {Encoding::dense};
  return {Encoding::dense, cheapest_encoding(allowed, statistics)};
}

TensorStatistics weight_statistics(const LoopNest& nest, const LayerProfile& profile,
                                   const Accelerator& accelerator) {
  const double rows = static_cast<double>(at(nest.bounds, Dim::m) * nest.groups);
  const double elements = static_cast<double>(nest.weight_elements() * nest.groups);
  return {rows, elements / rows, profile.weight_bits, profile.weight_density, accelerator.run_length_bits};
}

TensorStatistics input_statistics(const LoopNest& nest, const LayerProfile& profile,
                                  const Accelerator& accelerator) {
  // A plane of one channel and step is a row; without planes the features are.
  const double plane = static_cast<double>(nest.src_h * nest.src_w);
  const double elements = static_cast<double>(nest.src_elements() * nest.groups);
  const double row = plane > 1 ? plane : static_cast<double>(at(nest.bounds, Dim::c));
  return {elements / row, row, profile.src_bits, profile.src_density, accelerator.run_length_bits};
}

double stored_bits_an_element(Encoding encoding, const TensorStatistics& statistics) {
  return stored_bits(encoding, statistics).total() / std::max(1.0, statistics.elements());
}

/// What the next layer reads is written in the encoding that the inputs use.
double dst_stored_bits(const Workload& work, const LayerProfile& profile, Encoding encoding,
                       const Accelerator& accelerator) {
  const double elements = static_cast<double>(work.nest.dst_elements);
  return stored_bits_an_element(encoding,
                                {1, std::max(1.0, elements), work.nest.dst_is_binary ? 1 : work.psum_bits,
                                 profile.dst_density, accelerator.run_length_bits});
}

/// Gating looks at values; skipping needs a compressed form to jump in.
void exploit(SparseAction action, Encoding encoding, double density, double& factor, bool& skips) {
  skips = action == SparseAction::skipping && encoding != Encoding::dense;
  factor = skips || action == SparseAction::gating ? density : 1;
}

}  // namespace

void place(Workload& work, Tensor tensor, const Accelerator& accelerator) {
  bool found = false;
  for (std::size_t level = 0; level < accelerator.memories.size(); ++level) {
    if (!accelerator.memories[level].holds_tensor(tensor)) continue;
    if (!found) work.home[index(tensor)] = static_cast<int>(level);
    work.inner[index(tensor)] = static_cast<int>(level);
    found = true;
  }
}

bool fits_half(double bits, int level, const Accelerator& accelerator) {
  const std::int64_t capacity = accelerator.memories[static_cast<std::size_t>(level)].capacity_bytes;
  return capacity == 0 || bits <= 4.0 * static_cast<double>(capacity);
}

LayerProfile profile_of(const LoopNest& nest, const Profile& profile, const CostOptions& options) {
  LayerProfile layer;
  if (const auto split = profile.find(nest.node + "." + nest.weight); split != profile.end())
    layer = split->second;
  else if (const auto whole = profile.find(nest.node); whole != profile.end())
    layer = whole->second;
  if (options.encoding.weights) layer.encoding.weights = options.encoding.weights;
  if (options.encoding.inputs) layer.encoding.inputs = options.encoding.inputs;
  return layer;
}

int psum_bits_of(const LoopNest& nest, const LayerProfile& profile, const Accelerator& accelerator) {
  if (accelerator.psum_bits > 0) return accelerator.psum_bits;
  const double terms =
      static_cast<double>(at(nest.bounds, Dim::c) * at(nest.bounds, Dim::r) * at(nest.bounds, Dim::s));
  const int exact = profile.weight_bits + (profile.src_is_binary ? 0 : profile.src_bits) +
                    static_cast<int>(std::ceil(std::log2(terms)));
  return std::min(exact, widest_sum_bits);
}

WorkloadContext workload_context(const net::Net& net, const std::vector<LoopNest>& nests,
                                 const Profile& profile, const Accelerator& accelerator,
                                 const CostOptions& options) {
  WorkloadContext context;
  for (const LoopNest& nest : nests)
    context.membrane_bits += static_cast<double>(nest.neurons) *
                             psum_bits_of(nest, profile_of(nest, profile, options), accelerator);
  for (const net::Node* node : unattached_neurons(net))
    context.membrane_bits += static_cast<double>(net::num_elements(net.type(node->name).shape)) *
                             (accelerator.psum_bits > 0 ? accelerator.psum_bits : widest_sum_bits);
  Workload probe;
  place(probe, Tensor::membrane, accelerator);
  context.membranes_persist_on_chip =
      accelerator.schedule == Schedule::step_by_step &&
      fits_half(context.membrane_bits, probe.inner_of(Tensor::membrane), accelerator);
  return context;
}

std::vector<EncodedWorkload> encoded_workloads(const LoopNest& nest, const LayerProfile& profile,
                                               const Accelerator& accelerator,
                                               const WorkloadContext& context) {
  const auto of_weights = weight_statistics(nest, profile, accelerator);
  const auto of_inputs = input_statistics(nest, profile, accelerator);
  std::vector<EncodedWorkload> workloads;
  for (const Encoding weights :
       candidates(profile.encoding.weights, Tensor::weights, of_weights, nest, accelerator))
    for (const Encoding inputs :
         candidates(profile.encoding.inputs, Tensor::inputs, of_inputs, nest, accelerator)) {
      EncodedWorkload encoded{{}, weights, inputs};
      Workload& work = encoded.work;
      work.nest = nest;
      work.step_by_step = accelerator.schedule == Schedule::step_by_step && !nest.spans_time;
      if (work.step_by_step)
        encoded.passes = static_cast<double>(std::exchange(at(work.nest.bounds, Dim::t), 1));
      work.weight_bits = profile.weight_bits;
      work.src_bits = profile.src_bits;
      work.psum_bits = psum_bits_of(nest, profile, accelerator);
      work.is_binary = profile.src_is_binary;
      work.weight_stored_bits = stored_bits_an_element(weights, of_weights);
      work.input_stored_bits = stored_bits_an_element(inputs, of_inputs);
      work.dst_stored_bits = dst_stored_bits(work, profile, inputs, accelerator);
      work.weight_nonzeros = weights == Encoding::dense ? 0 : profile.weight_density;
      work.input_nonzeros = inputs == Encoding::dense ? 0 : profile.src_density;
      exploit(accelerator.on_weights, weights, profile.weight_density, work.weight_factor, work.weights_skip);
      exploit(accelerator.on_inputs, inputs, profile.src_density, work.input_factor, work.inputs_skip);
      place_all(work, accelerator, context);
      workloads.push_back(std::move(encoded));
    }
  return workloads;
}

Workload neuron_workload(const net::Net& net, const net::Node& node, const Accelerator& accelerator,
                         const WorkloadContext& context) {
  Workload work;
  work.nest.node = node.name;
  work.nest.op = work.nest.neuron_op = node.op;
  work.nest.neurons = net::num_elements(net.type(node.name).shape);
  work.psum_bits = accelerator.psum_bits > 0 ? accelerator.psum_bits : widest_sum_bits;
  work.step_by_step = accelerator.schedule == Schedule::step_by_step;
  if (!work.step_by_step) at(work.nest.bounds, Dim::t) = net.num_steps();
  place_all(work, accelerator, context);
  work.membrane_resident_bits = 0;
  return work;
}

}  // namespace tern::cost
