// BatchNormalization.
#include <algorithm>

#include "formats/onnx/importer.hpp"

namespace tern::onnx {

void readers::batch_norm(Importer& importer, const NodeView& node) {
  if (node.integer("training_mode", 0) != 0) node.refuse("it is in training mode");
  const Activation src = importer.by_channel(node, importer.activation(node, 0));
  const std::int64_t channels = importer.shape(src)[0];
  const double eps = std::max(1e-12, static_cast<double>(node.real("epsilon", 1e-5F)));
  const double momentum = std::clamp(1.0 - static_cast<double>(node.real("momentum", 0.9F)), 0.0, 1.0);
  const std::string name =
      importer.add(node, "batch_norm", {src.node}, {{"eps", eps}, {"momentum", momentum}});
  const char* const parameters[] = {"weight", "bias", "running_mean", "running_var"};
  for (int i = 0; i < 4; ++i) {
    const Constant& values = importer.constant(node, i + 1);
    if (values.size() != channels)
      node.broken("{} values of {} for {} channels", values.size(), parameters[i], channels);
    importer.set_floats(name, parameters[i], {channels}, values_of(values));
  }
  importer.set_output(node.proto, 0, Activation{name, src.layout});
}

}  // namespace tern::onnx
