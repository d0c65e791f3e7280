// What readers make: nodes of the Net, their tensors, and what ONNX tensors stand for.
#include "formats/onnx/importer.hpp"

namespace tern::onnx {

std::string clean_name(std::string_view name) {
  std::string result;
  for (const char c : name.substr(0, 200)) {
    const bool keep = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '_' || c == ':' || c == '-';
    const char next = keep ? c : c == '/' || c == '.' ? '.' : '_';
    if (next != '.' || (!result.empty() && result.back() != '.')) result += next;
  }
  return result;
}

std::string Importer::free_name(std::string_view wanted) {
  std::string name(wanted);
  while (net_.contains(name))
    name = fmt::format("{}_{}", wanted, ++times_used_.try_emplace(std::string(wanted), 1).first->second);
  return name;
}

std::string Importer::add(const NodeView& node, std::string op, std::vector<std::string> inputs,
                          Attributes attributes, std::string_view suffix) {
  const bool unnamed = clean_name(node.proto.name()).empty();
  std::string name = unnamed ? fmt::format("{}_{}", node.op(), clean_name(node.proto.output(0)))
                             : clean_name(node.proto.name());
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

void Importer::spend(std::int64_t elements) {
  made_elements_ += elements;
  if (made_elements_ > most_made_elements_)
    fail(ErrorKind::unsupported, place_, "its constants grow beyond measure");
}

void Importer::set_affine(const std::string& node, std::vector<float> scale, std::vector<float> shift) {
  const std::int64_t channels = net_.type(node).shape[0];
  spend(4 * channels);
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

void Importer::set_output(const schema::NodeProto& node, int output, Value made) {
  if (output < node.output_size()) values_.insert_or_assign(node.output(output), std::move(made));
}

void Importer::absorb(const schema::NodeProto& absorbed, Value made) {
  absorbed_.insert(&absorbed);
  set_output(absorbed, 0, std::move(made));
}

}  // namespace tern::onnx
