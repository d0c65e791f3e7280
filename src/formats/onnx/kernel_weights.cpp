#include "formats/onnx/kernel_weights.hpp"

namespace tern::onnx {

std::vector<float> following_bias(const Importer& importer, const NodeView& node, std::int64_t outputs,
                                  int places) {
  const schema::NodeProto* const reader = importer.only_reader(node);
  if (!reader || reader->op_type() != "Add" || reader->input_size() != 2) return {};
  const int other = reader->input(0) == node.proto.output(0) ? 1 : 0;
  const Constant* const bias = importer.find_constant(importer.view(*reader), other);
  if (!bias || bias->size() != outputs) return {};
  net::Shape wanted{outputs};
  wanted.insert(wanted.end(), static_cast<std::size_t>(places), 1);
  net::Shape shape = bias->shape;
  while (shape.size() > wanted.size() && shape[0] == 1) shape.erase(shape.begin());
  return shape == wanted ? values_of(*bias) : std::vector<float>{};
}

void set_kernel_output(Importer& importer, const NodeView& node, const Activation& dst, bool bias_follows) {
  importer.set_output(node.proto, 0, dst);
  if (bias_follows) importer.absorb(*importer.only_reader(node), dst);
}

void add_linear(Importer& importer, const NodeView& node, const Activation& src, Constant weight,
                std::vector<float> bias, int places) {
  const std::int64_t features = net::num_elements(importer.shape(src));
  if (weight.shape.size() != 2 || weight.shape[1] != features)
    node.broken("weights {} for {} features", net::to_string(weight.shape), features);
  Integers order;
  const Activation rows = importer.features(node, src, &order);
  const std::int64_t outputs = weight.shape[0], inputs = weight.shape[1];
  if (!order.empty()) {
    Integers index(static_cast<std::size_t>(outputs * inputs));
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t f = 0; f < inputs; ++f)
        index[static_cast<std::size_t>(o * inputs + order[static_cast<std::size_t>(f)])] = o * inputs + f;
    weight = gathered(weight, weight.shape, index, weight.coding && weight.coding->axis == 0 ? 0 : -1);
  }
  const bool has_own = !bias.empty();
  if (!has_own) bias = following_bias(importer, node, outputs, places);
  const std::string name =
      importer.add(node, "linear", {rows.node}, {{"out_features", outputs}, {"bias", !bias.empty()}});
  importer.set_tensor(name, "weight", to_packed(weight));
  if (!bias.empty()) importer.set_floats(name, "bias", {outputs}, bias);
  Activation dst{name, plain_layout({outputs})};
  dst.layout.resize(1 + static_cast<std::size_t>(places));
  set_kernel_output(importer, node, dst, !has_own && !bias.empty());
}

}  // namespace tern::onnx
