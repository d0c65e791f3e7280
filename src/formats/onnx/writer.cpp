#include "formats/onnx/writer.hpp"

#include <fmt/format.h>

namespace tern::onnx {
namespace {

using schema::AttributeProto;

void describe(schema::ValueInfoProto& value, const std::string& tensor, const net::Shape& shape) {
  value.set_name(tensor);
  auto& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(schema::TensorProto::FLOAT);
  type.mutable_shape()->add_dim()->set_dim_param("n");
  for (const auto extent : shape) type.mutable_shape()->add_dim()->set_dim_value(extent);
}

}  // namespace

Writer::Attribute::Attribute(std::string_view name_, std::int64_t i) : name(name_) {
  value.set_i(i);
  value.set_type(AttributeProto::INT);
}

Writer::Attribute::Attribute(std::string_view name_, float f) : name(name_) {
  value.set_f(f);
  value.set_type(AttributeProto::FLOAT);
}

Writer::Attribute::Attribute(std::string_view name_, const std::vector<std::int64_t>& ints) : name(name_) {
  value.mutable_ints()->Add(ints.begin(), ints.end());
  value.set_type(AttributeProto::INTS);
}

Writer::Writer(const std::string& graph_name, std::int64_t opset) : opset_(opset) {
  model_.set_ir_version(opset > 13 ? 10 : 7);
  model_.set_producer_name("tern");
  model_.set_producer_version(TERN_VERSION);
  auto& set = *model_.add_opset_import();
  set.set_domain("");
  set.set_version(opset);
  model_.mutable_graph()->set_name(graph_name.empty() ? "net" : graph_name);
}

std::string Writer::free_name(std::string_view wanted) {
  std::string name(wanted);
  for (int i = 2; taken_.contains(name); ++i) name = fmt::format("{}_{}", wanted, i);
  taken_.insert(name);
  return name;
}

void Writer::set_input(const std::string& tensor, const net::Shape& shape) {
  taken_.insert(tensor);
  describe(*model_.mutable_graph()->add_input(), tensor, shape);
}

void Writer::set_output(const std::string& tensor, const net::Shape& shape) {
  describe(*model_.mutable_graph()->add_output(), tensor, shape);
}

std::string Writer::constant(std::string_view wanted, const Constant& constant) {
  std::string name = free_name(wanted);
  *model_.mutable_graph()->add_initializer() = write_tensor(constant, name);
  return name;
}

std::string Writer::add(std::string_view wanted, std::string_view op, const std::vector<std::string>& inputs,
                        const std::vector<Attribute>& attributes) {
  std::string name = free_name(wanted);
  auto& node = *model_.mutable_graph()->add_node();
  node.set_name(name);
  node.set_op_type(std::string(op));
  for (const auto& input : inputs) node.add_input(input);
  node.add_output(name);
  for (const auto& attribute : attributes) {
    auto& written = *node.add_attribute();
    written = attribute.value;
    written.set_name(attribute.name);
  }
  return name;
}

}  // namespace tern::onnx
