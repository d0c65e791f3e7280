#include "learn/packed.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

std::vector<float> to_vector(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kFloat).contiguous();
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

pack::PackedTensor pack_parameter(const Parameter& parameter) {
  const c10::NoGradGuard no_grad;
  pack::PackedTensor tensor;
  tensor.shape = parameter.latent.sizes().vec();
  tensor.bits = parameter.bits();
  if (tensor.is_float()) {
    tensor.values = to_vector(parameter.stored());
    return tensor;
  }
  const QuantizedWeight integers = parameter.integers();
  const std::vector<float> codes = to_vector(integers.codes);
  tensor.codes.resize(codes.size());
  std::transform(codes.begin(), codes.end(), tensor.codes.begin(),
                 [](float code) { return static_cast<std::int16_t>(code); });
  tensor.scales = to_vector(integers.scale);
  if (integers.uniform()) return tensor;
  tensor.codebook = to_vector(integers.codebook);
  tensor.codebook_dim = integers.codebook.dim() == 2 ? integers.codebook.size(1) : 1;
  return tensor;
}

/// In the shape of QuantizedWeight::scale: [], [oc] or [oc, g].
at::Tensor scale_of(const pack::PackedTensor& tensor) {
  const at::Tensor scale = at::tensor(tensor.scales);
  if (tensor.scales.size() == 1) return scale.view(at::IntArrayRef{});
  return tensor.scaled_by_channel() ? scale : scale.view({tensor.shape[0], -1});
}

pack::PackedTensor one_float(float value) {
  pack::PackedTensor tensor;
  tensor.shape = {1};
  tensor.values = {value};
  return tensor;
}

}  // namespace

pack::PackedModel to_packed(const Model& model) {
  pack::PackedModel packed{model.net(), {}, {}};
  for (const auto& [name, parameter] : model.parameters())
    packed.tensors.emplace(name, pack_parameter(parameter));
  for (const auto& node : model.net().nodes()) {
    if (node.op != "quantize") continue;
    const AffineRange range = model.affine_range(node);
    packed.tensors[node.name + ".scale"] = one_float(range.scale);
    packed.tensors[node.name + ".zero_point"] = one_float(static_cast<float>(range.zero_point));
  }
  pack::check_model(packed, "model '" + model.net().name() + "'", ErrorKind::unsupported);
  return packed;
}

Model from_packed(const pack::PackedModel& packed, bool keep_zeros) {
  pack::check_model(packed);
  Model model(packed.net, 0);
  const c10::NoGradGuard no_grad;
  for (auto& [name, parameter] : model.parameters()) {
    const pack::PackedTensor& tensor = packed.tensors.at(name);
    const std::vector<float> values = pack::dequantize(tensor);
    parameter.latent.copy_(at::tensor(values).view(parameter.latent.sizes()));
    const bool has_masked = tensor.bits == 1 && tensor.uniform() && pack::count_zeros(tensor) > 0;
    if ((keep_zeros && parameter.role == net::ParameterRole::weight) || has_masked)
      parameter.mask = parameter.latent.ne(0).to(at::kFloat);
    if (tensor.uniform())
      parameter.quantizer = std::make_shared<FixedQuantizer>(tensor.bits, scale_of(tensor));
  }
  return model;
}

FixedQuantizer::FixedQuantizer(int bits, at::Tensor scale) : bits_(bits), scale_(std::move(scale)) {}

at::Tensor FixedQuantizer::quantize(const at::Tensor& weight) {
  const at::Tensor values = integers(weight.detach()).values(weight.sizes());
  return weight + (values - weight).detach();  // straight through
}

QuantizedWeight FixedQuantizer::integers(const at::Tensor& weight) const {
  const c10::NoGradGuard no_grad;
  if (bits_ == 1) return {at::where(weight.lt(0), -1.0F, 1.0F).to(at::kFloat), scale_, {}};
  const double half = static_cast<double>(1 << (bits_ - 1));
  const at::Tensor steps = weight.reshape({scale_.numel(), -1}) / scale_.reshape({-1, 1});
  return {steps.round_().clamp_(-half, half - 1).reshape(weight.sizes()), scale_, {}};
}

std::string FixedQuantizer::spec() const {
  return fmt::format("fixed:w={}", bits_);
}

}  // namespace tern::learn
