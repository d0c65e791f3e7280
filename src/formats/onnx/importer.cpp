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

/// Letters, digits and .:-_ of a name that some tool made up; "/layer1/conv/Conv" becomes "layer1.conv.Conv".
std::string clean(std::string_view name) {
  std::string result;
  for (const char c : name.substr(0, 200)) {
    const bool keep = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '_' || c == ':' || c == '-';
    const char next = keep ? c : c == '/' || c == '.' ? '.' : '_';
    if (next != '.' || (!result.empty() && result.back() != '.')) result += next;
  }
  return result;
}

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
      net_(clean(model.graph().name()).empty() ? "onnx" : clean(model.graph().name())),
      most_folded_elements_((std::int64_t{1} << 22) + 16 * static_cast<std::int64_t>(model.ByteSizeLong())) {
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
  folded_elements_ += folded->size();
  if (folded_elements_ > most_folded_elements_) node.refuse("the graph's constants grow beyond measure");
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
  return const_cast<Importer*>(this)->values_.emplace(initialiser->first, std::move(read)).first->second;
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

std::int64_t Importer::extent(const Activation& a, std::size_t dimension) const {
  std::int64_t product = 1;
  for (const int axis : a.layout[dimension]) product *= shape(a)[static_cast<std::size_t>(axis)];
  return product;
}

net::Shape Importer::extents(const Activation& a) const {
  net::Shape all;
  for (std::size_t d = 0; d < a.layout.size(); ++d) all.push_back(extent(a, d));
  return all;
}

std::vector<int> Importer::all_axes(const Activation& a) const {
  std::vector<int> axes;
  for (const auto& dimension : a.layout) axes.insert(axes.end(), dimension.begin(), dimension.end());
  return axes;
}

bool Importer::is_never_negative(const std::string& name) const {
  const net::Node* node = &net_.node(name);
  while (true) {
    for (const std::string_view op : {"relu", "relu6", "sigmoid", "hard_sigmoid", "softmax"})
      if (node->op == op) return true;
    if (node->op == "quantize")
      return !net_.context(*node).flag("signed") && tensors_.at(node->name + ".zero_point").values[0] == 0.0F;
    bool passes = false;
    for (const std::string_view op :
         {"max_pool2d", "avg_pool2d", "global_avg_pool", "flatten", "slice", "upsample2d"})
      passes = passes || node->op == op;
    if (!passes) return false;
    node = &net_.node(node->inputs[0]);
  }
}

Activation Importer::image(const NodeView& node, const Activation& a) const {
  if (shape(a).size() != 3 || a.layout != plain_layout(shape(a)))
    node.refuse("it needs an input [n, c, h, w], got {} in another order", net::to_string(extents(a)));
  return a;
}

Activation Importer::features(const NodeView& node, const Activation& a, Integers* order) {
  const std::vector<int> axes = all_axes(a);
  if (std::count_if(a.layout.begin(), a.layout.end(), [](const auto& d) { return !d.empty(); }) > 1)
    node.refuse("it needs rows of features, got [n, {}]", fmt::join(extents(a), ", "));
  const net::Shape& from = shape(a);
  const std::int64_t count = net::num_elements(from);
  if (!std::is_sorted(axes.begin(), axes.end())) {
    if (!order) node.refuse("its features lie in another order than c, h, w");
    std::vector<std::int64_t> stride(from.size(), 1);
    for (std::size_t d = from.size(); d-- > 1;) stride[d - 1] = stride[d] * from[d];
    order->assign(1, 0);
    for (const int axis : axes) {
      Integers next;
      for (const auto base : *order)
        for (std::int64_t i = 0; i < from[static_cast<std::size_t>(axis)]; ++i)
          next.push_back(base + i * stride[static_cast<std::size_t>(axis)]);
      *order = std::move(next);
    }
  }
  const std::vector<std::vector<int>> layout = plain_layout({count});
  if (from.size() == 1) return {a.node, layout, a.coding};
  return {add(node, "flatten", {a.node}, {}, "flatten"), layout, a.coding};
}

int Importer::net_axis(const NodeView& node, const Activation& a, std::size_t dimension) const {
  const auto& axes = a.layout.at(dimension);
  if (axes.size() > 1) node.refuse("dimension {} of its input is several of the Net's", dimension + 1);
  return axes.empty() ? -1 : axes[0];
}

Activation Importer::by_channel(const NodeView& node, const Activation& a) {
  if (a.layout.empty()) node.refuse("its input has no channels");
  if (a.layout.size() == 1 && shape(a).size() == 3) return features(node, a);
  const int axis = net_axis(node, a, 0);
  if (axis > 0 || (axis < 0 && shape(a)[0] != 1))
    node.refuse("dimension 1 of its input is not the Net's channels");
  return a;
}

std::string Importer::free_name(std::string_view wanted) {
  std::string name(wanted);
  while (net_.contains(name))
    name = fmt::format("{}_{}", wanted, ++times_used_.try_emplace(std::string(wanted), 1).first->second);
  return name;
}

std::string Importer::add(const NodeView& node, std::string op, std::vector<std::string> inputs,
                          Attributes attributes, std::string_view suffix) {
  const bool unnamed = clean(node.proto.name()).empty();
  std::string name =
      unnamed ? fmt::format("{}_{}", node.op(), clean(node.proto.output(0))) : clean(node.proto.name());
  if (!suffix.empty()) name += fmt::format(".{}", suffix);
  return net_.add(free_name(name), std::move(op), std::move(inputs), std::move(attributes));
}

void Importer::set_tensor(const std::string& node, const std::string& parameter, pack::PackedTensor tensor) {
  tensors_.insert_or_assign(node + "." + parameter, std::move(tensor));
}

void Importer::set_floats(const std::string& node, const std::string& parameter, net::Shape shape,
                          std::vector<float> values) {
  pack::PackedTensor tensor{std::move(shape)};
  tensor.values = std::move(values);
  set_tensor(node, parameter, std::move(tensor));
}

void Importer::set_affine(const std::string& node, std::vector<float> scale, std::vector<float> shift) {
  const std::int64_t channels = net_.type(node).shape[0];
  const auto set = [&](const char* parameter, std::vector<float> values) {
    if (values.size() == 1) values.assign(static_cast<std::size_t>(channels), values[0]);
    set_floats(node, parameter, {channels}, std::move(values));
  };
  set("weight", std::move(scale));
  set("bias", std::move(shift));
  set("running_mean", {0.0F});
  set("running_var", {1.0F});
}

Activation Importer::affine(const NodeView& node, const Activation& a, std::vector<float> scale,
                            std::vector<float> shift, std::string_view suffix) {
  const std::string name = add(node, "batch_norm", {a.node}, {{"eps", no_eps}}, suffix);
  set_affine(name, std::move(scale), std::move(shift));
  return {name, a.layout};
}

std::string Importer::padded(const NodeView& node, const std::string& source, const Border& border,
                             double value) {
  if (border == Border{}) return source;
  const net::Node& maker = net_.node(source);
  const bool is_quantized = maker.op == "quantize";
  const std::string below = is_quantized ? maker.inputs[0] : source;
  const std::string name = add(node, "pad2d", {below},
                               {{"border", Integers(border.begin(), border.end())}, {"value", value}}, "pad");
  if (!is_quantized) return name;
  const Attributes attributes = net_.node(source).attributes;
  const std::string again = add(node, "quantize", {name}, attributes, "quantize");
  for (const char* parameter : {"scale", "zero_point"})
    set_tensor(again, parameter, tensors_.at(source + "." + parameter));
  return again;
}

Activation Importer::pointwise(const NodeView& node, const Activation& a, std::string op,
                               Attributes attributes, std::string_view suffix) {
  return {add(node, std::move(op), {a.node}, std::move(attributes), suffix), a.layout};
}

std::string Importer::quantize(const NodeView& node, const std::string& source, const Coding& coding,
                               int bits, bool is_signed, std::string_view suffix) {
  const std::string name = add(node, "quantize", {source},
                               {{"bits", static_cast<std::int64_t>(bits)}, {"signed", is_signed}}, suffix);
  set_floats(name, "scale", {1}, coding.scales);
  set_floats(name, "zero_point", {1}, {static_cast<float>(coding.zero_points[0])});
  return name;
}

void Importer::set_output(const NodeProto& node, int output, Value made) {
  if (output < node.output_size()) values_.insert_or_assign(node.output(output), std::move(made));
}

void Importer::absorb(const NodeProto& absorbed, Value made) {
  absorbed_.insert(&absorbed);
  set_output(absorbed, 0, std::move(made));
}

}  // namespace tern::onnx
