#include "compress/structure/channel_constants.hpp"

#include "base/error.hpp"
#include "graph/build.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t steps_of_symbolic_time = 16;

/// Marks of a node's output channels as a 0/1 float tensor [channels].
at::Tensor marks_of(const std::vector<std::int64_t>& channels, const ChannelMarks& marks) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(channels.size())}, at::kFloat);
  auto* data = result.data_ptr<float>();
  for (std::size_t i = 0; i < channels.size(); ++i) data[i] = marks[static_cast<std::size_t>(channels[i])] ? 1.0F : 0.0F;
  return result;
}

/// The middle pixel of every step: [steps, channels].
at::Tensor middle(const at::Tensor& dst) {
  return dst.dim() == 4 ? dst.select(3, dst.size(3) / 2).select(2, dst.size(2) / 2) : dst;
}

/// A star of three nodes around one and an isolated node; beside them a graph of two nodes.
std::shared_ptr<const learn::GraphBatch> uneven_graphs() {
  const graph::EdgeList edges{.num_nodes = 7, .source = {0, 1, 1, 5}, .target = {1, 2, 3, 6}, .weight = {}};
  auto batch = std::make_shared<learn::GraphBatch>();
  batch->graph.sparse = std::make_shared<learn::GraphStructure>(
      graph::build_graph(edges, {.symmetrise = true}), std::vector<std::int64_t>{0, 5, 7});
  return batch;
}

/// The graph of a network that works on one, null for others.
std::shared_ptr<const learn::GraphBatch> graph_for(const net::Net& net) {
  for (const auto& node : net.nodes()) {
    if (node.op != "graph") continue;
    if (net.context(node).integer("edges") > 0)
      fail(ErrorKind::usage, "plan", "edges of the graph have factors: remove channels before that step");
    return uneven_graphs();
  }
  return nullptr;
}

}  // namespace

ChannelConstants channel_constants(learn::Model& model, const ChannelGraph& graph, const ChannelMarks& marks) {
  const c10::NoGradGuard no_grad;
  const net::Net& net = model.net();
  const net::TensorType& type = net.type(net.input().name);
  std::int64_t num_steps = 1;
  if (type.has_time) num_steps = net.num_steps() > 0 ? net.num_steps() : steps_of_symbolic_time;
  net::Shape sizes = type.shape;
  learn::ForwardOptions options;
  options.graph = graph_for(net);
  const std::int64_t rows = options.graph ? options.graph->graph.num_rows() : num_steps;
  sizes.insert(sizes.begin(), rows);

  ChannelConstants constants{std::vector<at::Tensor>(net.nodes().size()), ChannelMarks(marks.size(), 0)};
  std::size_t place = 0;
  options.observer = [&](const net::Node& node, const at::Tensor& dst) {
    while (net.nodes()[place].name != node.name) ++place;  // graphs and assignments are not shown
    const auto& channels = graph.outputs(place);
    const at::Tensor marked = marks_of(channels, marks);
    const at::Tensor values = middle(dst);
    const at::Tensor moves = values.ne(values.select(0, 0)).any(0).logical_and(marked.gt(0)).contiguous();
    const bool* moving = moves.data_ptr<bool>();
    for (std::size_t i = 0; i < channels.size(); ++i)
      if (moving[i]) constants.varying[static_cast<std::size_t>(channels[i])] = 1;
    constants.values[place] = at::where(marked.gt(0), values.select(0, 0), at::zeros({})).contiguous();
  };
  learn::forward(model, at::zeros(sizes), num_steps, options);
  return constants;
}

}  // namespace tern::compress
