#include "formats/onnx/importer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "formats/onnx/fold.hpp"

namespace tern::onnx {
namespace {

using schema::NodeProto;

constexpr ReaderRow table[] = {
    {"Conv", readers::convolution},
    {"Gemm", readers::gemm},
    {"MatMul", readers::mat_mul},
    {"BatchNormalization", readers::batch_norm},
    {"Relu", readers::activation},
    {"Sigmoid", readers::activation},
    {"HardSigmoid", readers::activation},
    {"HardSwish", readers::activation},
    {"LeakyRelu", readers::activation},
    {"PRelu", readers::activation},
    {"Clip", readers::clip},
    {"Softmax", readers::softmax},
    {"MaxPool", readers::pool},
    {"AveragePool", readers::pool},
    {"GlobalAveragePool", readers::global_pool},
    {"GlobalMaxPool", readers::global_pool},
    {"ReduceMean", readers::reduce_mean},
    {"Add", readers::arithmetic},
    {"Sub", readers::arithmetic},
    {"Mul", readers::arithmetic},
    {"Div", readers::arithmetic},
    {"Sum", readers::sum},
    {"Concat", readers::concat},
    {"Split", readers::split},
    {"Slice", readers::slice},
    {"Identity", readers::identity},
    {"Dropout", readers::identity},
    {"Transpose", readers::transpose},
    {"Reshape", readers::reshape},
    {"Flatten", readers::flatten},
    {"Squeeze", readers::squeeze},
    {"Unsqueeze", readers::unsqueeze},
    {"Shape", readers::shape},
    {"Cast", readers::cast},
    {"Pad", readers::pad},
    {"Resize", readers::resize},
    {"Upsample", readers::resize},
    {"QuantizeLinear", readers::quantize_linear},
    {"DequantizeLinear", readers::dequantize_linear},
};

}  // namespace

std::vector<std::vector<int>> plain_layout(const net::Shape& shape) {
  std::vector<std::vector<int>> layout(shape.size());
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) layout[d] = {static_cast<int>(d)};
  return layout;
}

Importer::Importer(const schema::ModelProto& model, std::int64_t opset, const ImportOptions& options,
                   std::string place)
    : model_(model),
      opset_(opset),
      options_(options),
      place_(std::move(place)),
      graph_(sort_graph(model.graph(), options.output, place_)),
      net_(clean_name(model.graph().name()).empty() ? "onnx" : clean_name(model.graph().name())),
      most_made_elements_((std::int64_t{1} << 22) + 16 * static_cast<std::int64_t>(model.ByteSizeLong())) {
  for (const auto& [tensor, readers] : graph_.readers) pending_[tensor] = readers.size();
  ++pending_[graph_.output];
}

pack::PackedModel Importer::run() {
  read_input();
  for (const NodeProto* node : graph_.nodes) {
    const NodeView seen = view(*node);
    if (!absorbed_.contains(node)) {
      try {
        read_node(*node);
      } catch (const Error& error) {
        if (error.place().starts_with(place_)) throw;
        throw Error(error.kind() == ErrorKind::usage ? ErrorKind::unsupported : error.kind(), error.what(),
                    seen.place);
      }
    }
    release(*node);
  }
  return finish();
}

NodeView Importer::view(const NodeProto& node) const {
  return {node, opset_, place_ + ": " + place_of(node)};
}

void Importer::read_node(const NodeProto& proto) {
  const NodeView node = view(proto);
  if (!proto.domain().empty() && proto.domain() != "ai.onnx")
    node.refuse("operators of this domain are not read");
  if (fold_node(node)) return;
  for (const auto& row : table)
    if (row.op == node.op()) return row.read(*this, node);
  node.refuse("this operator is not read");
}

bool Importer::fold_node(const NodeView& node) {
  std::vector<const Constant*> src;
  for (int i = 0; i < node.proto.input_size(); ++i) {
    if (node.has_input(i) && !is_constant(node, i)) return false;
    src.push_back(node.has_input(i) ? &constant(node, i) : nullptr);
  }
  auto folded = fold(node, src);
  if (!folded) return false;
  spend(folded->size());
  set_output(node.proto, 0, std::make_shared<const Constant>(std::move(*folded)));
  return true;
}

/// A tensor that nobody reads any more takes no memory.
void Importer::release(const NodeProto& node) {
  for (const auto& source : node.input()) {
    const auto left = pending_.find(source);
    if (left != pending_.end() && --left->second == 0) values_.erase(source);
  }
}

const Value& Importer::value(const NodeView& node, int input) const {
  if (!node.has_input(input)) node.broken("input {} is missing", input);
  const std::string& name = node.proto.input(input);
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  const auto initialiser = graph_.initialisers.find(name);
  if (initialiser == graph_.initialisers.end()) node.broken("tensor '{}' was never made", name);
  auto read = std::make_shared<const Constant>(read_tensor(*initialiser->second, place_));
  return values_.emplace(initialiser->first, std::move(read)).first->second;
}

bool Importer::is_constant(const NodeView& node, int input) const {
  return value(node, input).index() == 0;
}

const Constant& Importer::constant(const NodeView& node, int input) const {
  const Value& found = value(node, input);
  if (found.index() != 0) node.refuse("input {} ('{}') must be a constant", input, node.proto.input(input));
  return *std::get<0>(found);
}

const Constant* Importer::find_constant(const NodeView& node, int input) const {
  if (!node.has_input(input)) return nullptr;
  const std::string& name = node.proto.input(input);
  return (values_.contains(name) || graph_.initialisers.contains(name)) && is_constant(node, input)
             ? &constant(node, input)
             : nullptr;
}

const Activation& Importer::activation(const NodeView& node, int input) const {
  const Activation& found = activation_or_codes(node, input);
  if (found.coding)
    node.refuse("input {} ('{}') is integers: only 8-bit moves are read on them", input,
                node.proto.input(input));
  return found;
}

const Activation& Importer::activation_or_codes(const NodeView& node, int input) const {
  const Value& found = value(node, input);
  if (found.index() != 1) node.refuse("input {} ('{}') is a constant", input, node.proto.input(input));
  return std::get<1>(found);
}

float Importer::number(const NodeView& node, int input) const {
  const Constant& found = constant(node, input);
  if (found.size() != 1) node.refuse("input {} must be one number", input);
  return values_of(found)[0];
}

const NodeProto* Importer::only_reader(const NodeView& node) const {
  const auto found = graph_.readers.find(node.proto.output(0));
  if (node.proto.output(0) == graph_.output || found == graph_.readers.end() || found->second.size() != 1)
    return nullptr;
  return found->second[0];
}

}  // namespace tern::onnx
