#include "learn/forward.hpp"

#include <map>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

struct MeaningRow {
  std::string_view op;
  OpMeaning meaning;
};

const MeaningRow meanings[] = {
    {"conv2d", ops::conv2d},         {"linear", ops::linear},       {"batch_norm", ops::batch_norm},
    {"max_pool2d", ops::max_pool2d}, {"avg_pool2d", ops::avg_pool2d}, {"flatten", ops::flatten},
    {"add", ops::add},               {"multiply", ops::multiply},   {"dropout", ops::dropout},
    {"relu", ops::relu},             {"if", ops::neuron},           {"lif", ops::neuron},
    {"tcja", ops::tcja},             {"quantize", ops::quantize}, {"mean_time", ops::mean_time}, {"vote", ops::vote},
    {"concat", ops::concat},         {"global_avg_pool", ops::global_avg_pool},
    {"relu6", ops::relu6},           {"sigmoid", ops::sigmoid},     {"hard_sigmoid", ops::hard_sigmoid},
    {"silu", ops::silu},             {"hard_swish", ops::hard_swish}, {"leaky_relu", ops::leaky_relu},
    {"pad2d", ops::pad2d},           {"slice", ops::slice},         {"softmax", ops::softmax},
    {"upsample2d", ops::upsample2d}, {"elu", ops::elu},             {"gelu", ops::gelu},           {"tanh", ops::tanh},
    {"layer_norm", ops::layer_norm},
};

bool is_neuron(const net::Node& node) { return node.op == "if" || node.op == "lif"; }

/// The batch_norm that may be computed inside `node`: a neuron that is its only reader.
const net::Node* fusible_norm(const net::Net& net, const net::Node& node, const ForwardOptions& options) {
  if (!is_neuron(node) || options.observer || (options.training && options.frozen_norms)) return nullptr;
  const net::Node& source = net.node(node.inputs[0]);
  return source.op == "batch_norm" && net.readers(source.name).size() == 1 ? &source : nullptr;
}

void check_frames(const Model& model, const at::Tensor& frames, std::int64_t num_steps) {
  const net::Node& input = model.net().input();
  const net::TensorType& type = model.net().type(input.name);
  const std::int64_t fixed = model.net().num_steps();
  if (fixed > 0 && num_steps != fixed)
    fail(ErrorKind::usage, "net '" + model.net().name() + "'", "it is made for {} steps, the frames have {}", fixed,
         num_steps);
  const auto sizes = frames.sizes();
  const bool fits = frames.dim() == static_cast<std::int64_t>(type.shape.size()) + 1 && sizes[0] % num_steps == 0 &&
                    std::equal(type.shape.begin(), type.shape.end(), sizes.begin() + 1);
  if (!fits)
    fail(ErrorKind::usage, "node '" + input.name + "'", "expected frames [{} * n, {}], got [{}]", num_steps,
         fmt::join(type.shape, ", "), fmt::join(sizes, ", "));
}

}  // namespace

OpMeaning find_meaning(const net::Node& node) {
  for (const auto& row : meanings)
    if (row.op == node.op) return row.meaning;
  const std::string place = "node '" + node.name + "'";
  if (find_graph_meaning(node))
    fail(ErrorKind::unsupported, place, "'{}' needs a graph: this method does not work on graph networks", node.op);
  fail(ErrorKind::unsupported, place, "operation '{}' has no meaning on libtorch", node.op);
}

namespace {

/// Frames as the Net's first node gives them on.
Value input_value(const Model& model, const at::Tensor& frames, std::int64_t num_steps, const ForwardOptions& options) {
  if (!options.graph || !options.graph->features) {
    check_frames(model, frames, num_steps);
    return {.tensor = frames.dim() == 4 ? frames.contiguous(at::MemoryFormat::ChannelsLast) : frames.contiguous()};
  }
  const net::Node& input = model.net().input();
  const net::Shape& shape = model.net().type(input.name).shape;
  const graph::SparseMatrix& features = *options.graph->features->matrix;
  if (shape != net::Shape{features.columns})
    fail(ErrorKind::usage, "node '" + input.name + "'", "expected rows {}, got {} features", net::to_string(shape),
         features.columns);
  return {.sparse = options.graph->features};
}

Value compute(OpCall& call) {
  bool is_sparse = false;
  for (const auto& value : call.values) is_sparse = is_sparse || value.sparse;
  if (is_sparse)
    if (const ValueMeaning meaning = find_sparse_meaning(call.node)) return meaning(call);
  for (const auto& value : call.values) call.src.push_back(value.sparse ? to_dense(*value.sparse) : value.tensor);
  if (const ValueMeaning meaning = find_graph_meaning(call.node)) return meaning(call);
  return {.tensor = find_meaning(call.node)(call)};
}

}  // namespace

at::Tensor forward(Model& model, const at::Tensor& frames, std::int64_t num_steps, const ForwardOptions& options) {
  const net::Net& net = model.net();
  std::map<std::string, Value> values;
  std::map<std::string, std::size_t> pending;  // readers left; a value is dropped after its last
  for (const auto& node : net.nodes())
    for (const auto& source : node.inputs) ++pending[source];

  Value last;
  for (const auto& node : net.nodes()) {
    if (node.op == "input") {
      last = input_value(model, frames, num_steps, options);
    } else {
      const auto readers = net.readers(node.name);
      if (readers.size() == 1 && fusible_norm(net, *readers[0], options) == &node) {
        values[node.name] = values.at(node.inputs[0]);  // computed inside its reader
        continue;
      }
      OpCall call{model, node, {}, num_steps, options};
      call.fused_norm = fusible_norm(net, node, options);
      for (const auto& source : node.inputs) call.values.push_back(values.at(source));
      last = compute(call);
    }
    for (const auto& source : node.inputs)
      if (--pending[source] == 0) values.erase(source);
    if (options.observer && (last.tensor.defined() || last.sparse))
      options.observer(node, last.sparse ? to_dense(*last.sparse) : last.tensor);
    values[node.name] = last;
  }
  return last.sparse ? to_dense(*last.sparse) : last.tensor;
}

}  // namespace tern::learn
