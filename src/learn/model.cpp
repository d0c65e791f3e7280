#include "learn/model.hpp"

#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

at::Tensor initial_value(const net::ParameterSpec& spec, const std::string& name, std::int64_t fan_in,
                         std::uint64_t seed) {
  const bool is_score = spec.role == net::ParameterRole::norm && spec.shape.size() > 1;
  if (is_score) fan_in = spec.shape.back();
  else if (spec.role == net::ParameterRole::norm || spec.role == net::ParameterRole::buffer) {
    const bool is_one = spec.name == "weight" || spec.name == "running_var" || spec.name == "scale";
    return is_one ? at::ones(spec.shape) : at::zeros(spec.shape);
  }
  if (fan_in == 0) return at::zeros(spec.shape);
  at::Tensor value = at::empty(spec.shape, at::kFloat);
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  Rng rng(derive_seed(seed, name));
  auto* data = value.data_ptr<float>();
  for (std::int64_t i = 0; i < value.numel(); ++i) data[i] = static_cast<float>((2.0 * rng.uniform() - 1.0) * bound);
  return value;
}

/// Passes gradients where `backward` is one; the value is weight * mask.
struct MaskFunction : torch::autograd::Function<MaskFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& weight, const at::Tensor& mask,
                            const at::Tensor& backward) {
    ctx->save_for_backward({backward});
    return weight * mask;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    return {grads[0] * ctx->get_saved_variables()[0], at::Tensor(), at::Tensor()};
  }
};

at::Tensor apply_mask(const at::Tensor& weight, const Parameter& parameter) {
  if (!parameter.mask.defined()) return weight;
  if (!parameter.backward_mask.defined()) return weight * parameter.mask;
  return MaskFunction::apply(weight, parameter.mask, parameter.backward_mask);
}

}  // namespace

at::Tensor Parameter::effective(bool training, std::uint64_t seed) const {
  if (override_value.defined()) return override_value;
  at::Tensor value = gate ? gate->apply(latent, training, seed) : latent;
  value = apply_mask(value, *this);
  return quantizer ? apply_mask(quantizer->quantize(value), *this) : value;
}

at::Tensor Parameter::masked() const {
  const c10::NoGradGuard no_grad;
  const at::Tensor value = gate ? gate->apply(latent, false, 0) : latent;
  return (mask.defined() ? value * mask : value).detach();
}

QuantizedWeight Parameter::integers() const {
  const c10::NoGradGuard no_grad;
  if (!quantizer) return {masked(), at::ones({}), {}};
  QuantizedWeight result = quantizer->integers(masked());
  if (!mask.defined()) return result;
  if (result.uniform()) result.codes = result.codes * mask;
  else if ((result.values(latent.sizes()) * (1 - mask)).any().item<bool>())
    fail(ErrorKind::usage, "quantizer '" + quantizer->name() + "'", "its codebook has no zero for pruned weights");
  return result;
}

at::Tensor Parameter::stored() const { return integers().values(latent.sizes()); }

Model::Model(net::Net net, std::uint64_t seed) : net_(std::move(net)) {
  for (const auto& node : net_.nodes()) {
    std::int64_t fan_in = 0;  // of the node's last kernel: a bias follows its weight
    for (const auto& spec : net_.parameters(node)) {
      if (spec.role == net::ParameterRole::weight) fan_in = net::num_elements(spec.shape) / spec.shape[0];
      const std::string name = node.name + "." + spec.name;
      Parameter parameter;
      parameter.role = spec.role;
      parameter.latent = initial_value(spec, name, fan_in, seed);
      parameter.latent.set_requires_grad(spec.role != net::ParameterRole::buffer);
      parameters_.emplace(name, std::move(parameter));
    }
  }
}

Parameter& Model::parameter(std::string_view node, std::string_view name) {
  return const_cast<Parameter&>(std::as_const(*this).parameter(node, name));
}

const Parameter& Model::parameter(std::string_view node, std::string_view name) const {
  const std::string full = fmt::format("{}.{}", node, name);
  const auto found = parameters_.find(full);
  if (found == parameters_.end()) fail(ErrorKind::internal, "net '" + net_.name() + "'", "no parameter '{}'", full);
  return found->second;
}

std::vector<std::string> Model::weight_names() const {
  std::vector<std::string> names;
  for (const auto& node : net_.nodes())
    for (const auto& spec : net_.parameters(node))
      if (spec.role == net::ParameterRole::weight) names.push_back(node.name + "." + spec.name);
  return names;
}

AffineRange Model::affine_range(const net::Node& node) const {
  const auto found = activations_.find(node.name);
  if (found != activations_.end() && found->second) return found->second->affine();
  return {parameter(node.name, "scale").latent.item<float>(),
          static_cast<std::int64_t>(parameter(node.name, "zero_point").latent.item<float>())};
}

Model Model::clone_without_quantizers() const {
  Model copy(*this);
  copy.activations_.clear();
  for (auto& [name, parameter] : copy.parameters_) {
    parameter.latent = parameter.latent.detach().clone().set_requires_grad(parameter.latent.requires_grad());
    if (parameter.mask.defined()) parameter.mask = parameter.mask.clone();
    if (parameter.backward_mask.defined()) parameter.backward_mask = parameter.backward_mask.clone();
    for (auto& [key, tensor] : parameter.state) tensor = tensor.clone();
    parameter.gate = nullptr;
    parameter.quantizer = nullptr;
  }
  return copy;
}

}  // namespace tern::learn
