// What the engine can run. A new operation is one function in ops/ and one line here.
#include "base/error.hpp"
#include "engine/operation.hpp"
#include "engine/ops/ops.hpp"

namespace tern::engine {
namespace {

constexpr OperationRow table[] = {
    {"input", ops::make_input},           {"conv2d", ops::make_conv2d},         {"linear", ops::make_linear},
    {"batch_norm", ops::make_batch_norm}, {"max_pool2d", ops::make_max_pool},   {"avg_pool2d", ops::make_avg_pool},
    {"flatten", ops::make_flatten},       {"add", ops::make_add},               {"multiply", ops::make_multiply},
    {"dropout", ops::make_dropout},       {"relu", ops::make_relu},             {"if", ops::make_neuron},
    {"lif", ops::make_neuron},            {"tcja", ops::make_tcja},             {"quantize", ops::make_quantize}, {"mean_time", ops::make_mean_time},
    {"vote", ops::make_vote},
    {"concat", ops::make_concat},         {"global_avg_pool", ops::make_global_avg_pool},
    {"relu6", ops::make_relu6},           {"sigmoid", ops::make_sigmoid},       {"hard_sigmoid", ops::make_hard_sigmoid},
    {"silu", ops::make_silu},             {"hard_swish", ops::make_hard_swish}, {"leaky_relu", ops::make_leaky_relu},
    {"pad2d", ops::make_pad2d},           {"slice", ops::make_slice},           {"softmax", ops::make_softmax},
    {"upsample2d", ops::make_upsample2d}, {"elu", ops::make_elu},              {"gelu", ops::make_gelu},           {"tanh", ops::make_tanh},
    {"layer_norm", ops::make_layer_norm},
};

}  // namespace

void BuildContext::refuse(std::string reason) const {
  throw Error(ErrorKind::unsupported, std::move(reason), fmt::format("node '{}' ({})", node.name, node.op));
}

std::span<const OperationRow> operation_table() { return table; }

const OperationRow& find_operation(std::string_view op, std::string_view node) {
  for (const auto& row : table)
    if (row.op == op) return row;
  if (op == "graph")
    fail(ErrorKind::unsupported, fmt::format("node '{}' ({})", node, op), "graph networks run in GraphProgram (tern graph run)");
  fail(ErrorKind::unsupported, fmt::format("node '{}' ({})", node, op), "the engine has no kernel for this operation");
}

}  // namespace tern::engine
