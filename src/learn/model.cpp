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
  if (spec.role == net::ParameterRole::norm || spec.role == net::ParameterRole::buffer) {
    const bool is_one = spec.name == "weight" || spec.name == "running_var";
    return is_one ? at::ones(spec.shape) : at::zeros(spec.shape);
  }
  at::Tensor value = at::empty(spec.shape, at::kFloat);
  const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
  Rng rng(derive_seed(seed, name));
  auto* data = value.data_ptr<float>();
  for (std::int64_t i = 0; i < value.numel(); ++i) data[i] = static_cast<float>((2.0 * rng.uniform() - 1.0) * bound);
  return value;
}

}  // namespace

at::Tensor Parameter::effective() const {
  const at::Tensor masked = mask.defined() ? latent * mask : latent;
  return quantizer ? quantizer->quantize(masked) : masked;
}

QuantizedWeight Parameter::integers() const {
  const c10::NoGradGuard no_grad;
  const at::Tensor masked = mask.defined() ? latent * mask : latent;
  return quantizer ? quantizer->integers(masked) : QuantizedWeight{masked.detach(), 1.0F};
}

Model::Model(net::Net net, std::uint64_t seed) : net_(std::move(net)) {
  for (const auto& node : net_.nodes()) {
    std::int64_t fan_in = 1;  // of the node's last kernel: a bias follows its weight
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

Model Model::clone_without_quantizers() const {
  Model copy(*this);
  for (auto& [name, parameter] : copy.parameters_) {
    parameter.latent = parameter.latent.detach().clone().set_requires_grad(parameter.latent.requires_grad());
    if (parameter.mask.defined()) parameter.mask = parameter.mask.clone();
    parameter.quantizer = nullptr;
  }
  return copy;
}

}  // namespace tern::learn
