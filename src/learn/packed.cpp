#include "learn/packed.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::learn {

pack::PackedModel to_packed(const Model& model) {
  pack::PackedModel packed{model.net(), {}, {}};
  for (const auto& [name, parameter] : model.parameters()) {
    pack::PackedTensor tensor;
    tensor.shape = parameter.latent.sizes().vec();
    tensor.bits = parameter.bits();
    const QuantizedWeight integers = parameter.integers();
    const at::Tensor values = integers.codes.contiguous();
    const float* data = values.data_ptr<float>();
    if (parameter.quantizer) {
      if (!integers.uniform() || integers.scale.dim() > 0)
        fail(ErrorKind::unsupported, name, "only one scale a tensor can be packed");
      tensor.scale = integers.scale.item<float>();
      tensor.codes.resize(static_cast<std::size_t>(values.numel()));
      std::transform(data, data + values.numel(), tensor.codes.begin(),
                     [](float code) { return static_cast<std::int8_t>(code); });
    } else {
      tensor.values.assign(data, data + values.numel());
    }
    packed.tensors.emplace(name, std::move(tensor));
  }
  return packed;
}

Model from_packed(const pack::PackedModel& packed, bool keep_zeros) {
  pack::check_model(packed);
  Model model(packed.net, 0);
  const c10::NoGradGuard no_grad;
  for (auto& [name, parameter] : model.parameters()) {
    const std::vector<float> values = pack::dequantize(packed.tensors.at(name));
    parameter.latent.copy_(at::tensor(values).view(parameter.latent.sizes()));
    if (keep_zeros && parameter.role == net::ParameterRole::weight) parameter.mask = parameter.latent.ne(0).to(at::kFloat);
  }
  return model;
}

}  // namespace tern::learn
