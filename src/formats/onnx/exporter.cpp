#include "formats/onnx/exporter.hpp"

#include "formats/onnx/schema_file.hpp"
#include "net/quantized_source.hpp"

namespace tern::onnx {
namespace {

struct WriterRow {
  std::string_view op;
  std::string (*write)(Exporter&, const net::Node&);
};

constexpr WriterRow table[] = {
    {"conv2d", writers::kernel},
    {"linear", writers::kernel},
    {"batch_norm", writers::batch_norm},
    {"max_pool2d", writers::pool},
    {"avg_pool2d", writers::pool},
    {"global_avg_pool", writers::global_pool},
    {"flatten", writers::flatten},
    {"dropout", writers::dropout},
    {"add", writers::combine},
    {"multiply", writers::combine},
    {"concat", writers::combine},
    {"quantize", writers::quantize},
    {"relu", writers::activation},
    {"relu6", writers::activation},
    {"sigmoid", writers::activation},
    {"hard_sigmoid", writers::activation},
    {"silu", writers::activation},
    {"hard_swish", writers::activation},
    {"leaky_relu", writers::activation},
    {"softmax", writers::activation},
    {"vote", writers::vote},
    {"pad2d", writers::pad2d},
    {"slice", writers::slice},
    {"upsample2d", writers::upsample2d},
};

bool has_wide_codes(const net::Net& net) {
  for (const auto& node : net.nodes())
    if (node.op == "quantize" && net.context(node).integer("bits") > 8) return true;
  return false;
}

std::int64_t chosen_opset(const net::Net& net, const ExportOptions& options) {
  const std::string place = "net '" + net.name() + "'";
  if (options.form == ExportForm::qdq && options.opset < 13)
    fail(ErrorKind::unsupported, place, "a scale an output channel needs opset 13, {} was asked for",
         options.opset);
  if (options.opset != 13 && options.opset != 21)
    fail(ErrorKind::unsupported, place, "opset 13 or 21 is written, {} was asked for", options.opset);
  return has_wide_codes(net) ? 21 : options.opset;
}

}  // namespace

Exporter::Exporter(const pack::PackedModel& model, const ExportOptions& options)
    : model_(model),
      borders_(fold_borders(model.net)),
      writer_(model.net.name(), chosen_opset(model.net, options)) {
  pack::check_model(model);
  if (options.form == ExportForm::floats) return;
  plan_ = std::make_unique<QdqPlan>(model.net);
  codings_ = plan_->codings(model, options.ranges);
}

std::string Exporter::run() {
  const net::Node& input = net().input();
  for (const auto& node : net().nodes()) {
    if (net().type(node.name).has_time)
      fail(ErrorKind::unsupported, "node '" + node.name + "' (" + node.op + ")",
           "ONNX has no form for values over time");
    std::string tensor = node.name;
    if (&node == &input)
      writer_.set_input(node.name, shape(node.name));
    else
      tensor = write(node);
    const bool is_alias = node.op == "dropout" || borders_.pads.contains(node.name);
    if (node.op != "quantize" && !is_alias) tensor = coded(node, tensor);
    tensors_[node.name] = std::move(tensor);
  }
  std::string& last = tensors_[net().output().name];
  if (last == input.name) last = writer_.add("output", "Identity", {last});
  writer_.set_output(last, shape(net().output().name));
  return to_bytes(writer_.model());
}

std::string Exporter::write(const net::Node& node) {
  for (const auto& row : table)
    if (row.op == node.op) return row.write(*this, node);
  fail(ErrorKind::unsupported, "node '" + node.name + "'", "operation '{}' has no ONNX form", node.op);
}

std::string Exporter::parameter(const net::Node& node, const std::string& name) {
  const pack::PackedTensor& tensor = model_.tensors.at(node.name + "." + name);
  return writer_.constant(node.name + "." + name, float_constant(tensor.shape, pack::dequantize(tensor)));
}

const ActivationCoding* Exporter::coding(std::string_view node) const {
  const auto found = codings_.find(node);
  return found == codings_.end() ? nullptr : &found->second;
}

std::string Exporter::coded(const net::Node& node, const std::string& tensor) {
  const ActivationCoding* const found = coding(node.name);
  return found ? coded(node, tensor, *found) : tensor;
}

std::string Exporter::coded(const net::Node& node, const std::string& tensor,
                            const ActivationCoding& coding) {
  const int type = coding.bits == 8 ? schema::TensorProto::UINT8 : schema::TensorProto::UINT16;
  const std::string scale = writer_.constant(node.name + ".scale", float_constant({}, {coding.scale}));
  const std::string zero =
      writer_.constant(node.name + ".zero_point", integer_constant({}, {coding.zero_point}, type));
  const std::string codes = writer_.add(node.name + ".codes", "QuantizeLinear", {tensor, scale, zero});
  return writer_.add(node.name + ".values", "DequantizeLinear", {codes, scale, zero});
}

}  // namespace tern::onnx
