#include "compress/layer_report.hpp"

#include "learn/torch.hpp"

namespace tern::compress {

std::vector<LayerReport> report_layers(const learn::Model& model) {
  std::vector<LayerReport> layers;
  for (const auto& name : model.weight_names()) {
    const learn::Parameter& parameter = model.parameters().at(name);
    const learn::QuantizedWeight integers = parameter.integers();
    const at::Tensor values = integers.values(parameter.latent.sizes());
    LayerReport layer;
    layer.parameter = name;
    layer.node = name.substr(0, name.rfind('.'));
    layer.bits = parameter.bits();
    layer.weights = values.numel();
    layer.zeros = values.eq(0).sum().item<std::int64_t>();
    layer.min = values.min().item<double>();
    layer.max = values.max().item<double>();
    layer.scale = integers.scale.mean().item<double>();
    layers.push_back(layer);
  }
  return layers;
}

double zero_fraction(const std::vector<LayerReport>& layers) {
  std::int64_t zeros = 0, weights = 0;
  for (const auto& layer : layers) {
    zeros += layer.zeros;
    weights += layer.weights;
  }
  return weights ? static_cast<double>(zeros) / static_cast<double>(weights) : 0.0;
}

}  // namespace tern::compress
