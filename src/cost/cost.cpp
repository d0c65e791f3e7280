#include "cost/cost.hpp"

#include <algorithm>
#include <cmath>
#include <exception>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "cost/energy.hpp"
#include "cost/loop_nest.hpp"
#include "cost/mapping_search.hpp"
#include "cost/propagation.hpp"
#include "cost/settle.hpp"
#include "cost/workload.hpp"

namespace tern::cost {
namespace {

void check_profile(const net::Net& net, const Profile& profile) {
  const auto known = profile_names(net);
  for (const auto& [name, layer] : profile) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      fail_unknown("node", name, known, "profile");
    for (const int bits : {layer.weight_bits, layer.src_bits})
      if (bits < 1 || bits > 64)
        fail(ErrorKind::bad_data, "profile", "{}: expected 1 to 64 bits, got {}", name, bits);
    for (const double density : {layer.weight_density, layer.src_density, layer.dst_density})
      if (!(density >= 0 && density <= 1))
        fail(ErrorKind::bad_data, "profile", "{}: expected a density in [0, 1], got {}", name, density);
  }
}

/// Adds a breakdown to another by name; first come, first listed.
void accumulate(std::vector<Component>& sum, const std::vector<Component>& parts) {
  for (const Component& part : parts) {
    const auto same = [&](const Component& other) { return other.name == part.name; };
    const auto found = std::find_if(sum.begin(), sum.end(), same);
    if (found == sum.end()) {
      sum.push_back(part);
    } else {
      found->energy_pj += part.energy_pj;
      found->accesses += part.accesses;
    }
  }
}

/// The cheapest of the allowed encodings and mappings of one kernel.
LayerCost evaluate_kernel(const LoopNest& nest, const LayerProfile& profile, const Accelerator& accelerator,
                          const WorkloadContext& context, Objective objective) {
  std::optional<MappedKernel> best;
  EncodedWorkload chosen;
  for (EncodedWorkload& candidate : encoded_workloads(nest, profile, accelerator, context)) {
    auto mapped = search_mapping(candidate.work, accelerator, objective);
    if (!mapped || (best && best->score <= mapped->score)) continue;
    best = std::move(mapped);
    chosen = std::move(candidate);
  }
  if (!best)
    fail(ErrorKind::unsupported, fmt::format("node '{}' ({})", nest.node, nest.op),
         "no mapping fits the scratchpads and the on-chip memory of {}", accelerator.name);
  LayerCost layer;
  layer.node = nest.node, layer.op = nest.op, layer.weight = nest.weight;
  settle(layer, best->counts, chosen.work, chosen.passes, accelerator);
  layer.macs_dense = nest.macs();
  layer.weight_encoding = chosen.weights;
  layer.input_encoding = chosen.inputs;
  layer.weight_bits_stored =
      chosen.work.weight_stored_bits * static_cast<double>(nest.weight_elements() * nest.groups);
  layer.input_bits_stored =
      chosen.work.input_stored_bits * static_cast<double>(nest.src_elements() * nest.groups) * chosen.passes;
  layer.mapping = best->mapping;
  layer.dataflow = to_string(best->mapping.dataflow);
  return layer;
}

/// All kernels, in parallel. Of several errors the first layer's is thrown, whichever thread comes first.
std::vector<LayerCost> evaluate_kernels(const std::vector<LoopNest>& nests, const Profile& profile,
                                        const Accelerator& accelerator, const WorkloadContext& context,
                                        const CostOptions& options) {
  std::vector<LayerCost> layers(nests.size());
  std::vector<std::exception_ptr> errors(nests.size());
  const auto evaluate_one = [&](std::size_t index) {
    try {
      layers[index] = evaluate_kernel(nests[index], profile_of(nests[index], profile, options), accelerator,
                                      context, options.objective);
    } catch (...) {
      errors[index] = std::current_exception();
    }
  };
  parallel_for(static_cast<std::int64_t>(nests.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) evaluate_one(static_cast<std::size_t>(index));
  });
  for (const auto& error : errors)
    if (error) std::rethrow_exception(error);
  return layers;
}

/// Neurons without a kernel of their own: state and updates only, one a cycle and element.
LayerCost evaluate_neurons(const net::Net& net, const net::Node& node, const Accelerator& accelerator,
                           const WorkloadContext& context) {
  const Workload work = neuron_workload(net, node, accelerator, context);
  const auto steps = static_cast<double>(at(work.nest.bounds, Dim::t));
  AccessCounts counts = count_neuron_accesses(work, accelerator);
  counts.compute_cycles = std::ceil(steps * static_cast<double>(work.nest.neurons) /
                                    static_cast<double>(accelerator.array.count()));
  LayerCost layer;
  layer.node = node.name, layer.op = node.op;
  settle(layer, counts, work, static_cast<double>(net.num_steps()) / steps, accelerator);
  return layer;
}

/// Products with the graph, in Net order.
std::vector<LayerCost> evaluate_propagations(const net::Net& net, const Profile& profile,
                                             const Accelerator& accelerator, const CostOptions& options) {
  std::vector<LayerCost> layers;
  for (const auto& node : net.nodes()) {
    if (node.op != "propagate") continue;
    const auto found = profile.find(node.name);
    layers.push_back(evaluate_propagation(propagation_of(net, node, options.graph),
                                          found == profile.end() ? LayerProfile{} : found->second,
                                          accelerator, comes_from_input(net, node)));
  }
  return layers;
}

void check_graph(const net::Net& net, const GraphSize& graph) {
  if (graph.nodes < 0 || graph.edges < 0 || graph.nodes > std::int64_t{1} << 40)
    fail(ErrorKind::usage, fmt::format("net '{}'", net.name()), "no graph has {} nodes and {} edges",
         graph.nodes, graph.edges);
  const auto& nodes = net.nodes();
  const bool has_graph =
      std::any_of(nodes.begin(), nodes.end(), [](const auto& node) { return node.op == "graph"; });
  if (graph.nodes > 0 && !has_graph)
    fail(ErrorKind::usage, fmt::format("net '{}'", net.name()), "it works on no graph");
}

void add_totals(CostReport& report, const Accelerator& accelerator) {
  double energy_pj = 0, weight_bits = 0, graph_bits = 0;
  for (const LayerCost& layer : report.layers) {
    energy_pj += layer.energy_pj;
    report.cycles += layer.cycles;
    report.macs += layer.macs_dense;
    weight_bits += layer.weight_bits_stored;
    graph_bits = std::max(graph_bits, layer.graph_bits_stored);
    accumulate(report.breakdown, layer.breakdown);
  }
  std::stable_sort(report.breakdown.begin(), report.breakdown.end(),
                   [](const Component& a, const Component& b) { return a.energy_pj > b.energy_pj; });
  report.energy_mj = energy_pj * 1e-9;
  report.latency_ms = report.cycles / (accelerator.clock_mhz * 1e3);
  report.edp_mj_ms = report.energy_mj * report.latency_ms;
  report.weight_bytes = static_cast<std::int64_t>(std::ceil(weight_bits / 8));
  report.graph_bytes = static_cast<std::int64_t>(std::ceil(graph_bits / 8));
}

void check_weights_fit(const net::Net& net, const CostReport& report, const Accelerator& accelerator) {
  const MemoryLevel& memory = accelerator.memories[0];
  if (memory.capacity_bytes == 0 || !memory.holds_tensor(Tensor::weights)) return;
  if (report.weight_bytes > memory.capacity_bytes)
    fail(ErrorKind::unsupported, fmt::format("net '{}'", net.name()),
         "{} bytes of weights do not fit into the {} bytes of {}", report.weight_bytes, memory.capacity_bytes,
         memory.name);
}

}  // namespace

CostReport evaluate(const net::Net& net, const Profile& profile, const Accelerator& accelerator,
                    const CostOptions& options) {
  if (net.type(net.input().name).has_time && net.num_steps() < 1)
    fail(ErrorKind::usage, fmt::format("net '{}'", net.name()),
         "a cost is of one sample: the Net must state num_steps");
  check_profile(net, profile);
  check_graph(net, options.graph);
  std::vector<LoopNest> nests;
  for (const auto& node : net.nodes())
    for (auto& nest : loop_nests(net, node)) nests.push_back(std::move(nest));
  if (options.graph.nodes > 0) {
    const auto rows = nodes_with_a_row_a_node(net);
    for (LoopNest& nest : nests)
      if (rows.count(nest.node)) nest.repeat(options.graph.nodes);
  }
  const WorkloadContext context = workload_context(net, nests, profile, accelerator, options);

  CostReport report;
  report.accelerator = accelerator.name;
  report.weights = net::totals(net).weights;
  report.layers = evaluate_kernels(nests, profile, accelerator, context, options);
  for (LayerCost& layer : evaluate_propagations(net, profile, accelerator, options))
    report.layers.push_back(std::move(layer));
  for (const net::Node* node : unattached_neurons(net))
    report.layers.push_back(evaluate_neurons(net, *node, accelerator, context));
  add_totals(report, accelerator);
  check_weights_fit(net, report, accelerator);
  return report;
}

}  // namespace tern::cost
