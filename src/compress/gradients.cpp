#include "compress/gradients.hpp"

#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Buffers (running statistics) as they were, restored at the end of the scope.
class KeptBuffers {
 public:
  explicit KeptBuffers(learn::Model& model) {
    for (auto& [name, parameter] : model.parameters())
      if (parameter.role == net::ParameterRole::buffer)
        kept_.emplace_back(parameter.latent, parameter.latent.detach().clone());
  }
  ~KeptBuffers() {
    const c10::NoGradGuard no_grad;
    for (auto& [target, value] : kept_) target.copy_(value);
  }
  KeptBuffers(const KeptBuffers&) = delete;
  KeptBuffers& operator=(const KeptBuffers&) = delete;

 private:
  std::vector<std::pair<at::Tensor, at::Tensor>> kept_;
};

}  // namespace

EffectiveLeaves::EffectiveLeaves(learn::Model& model, const std::vector<std::string>& names)
    : model_(model), names_(names) {
  for (const auto& name : names_) {
    learn::Parameter& parameter = model_.parameters().at(name);
    parameter.override_value = parameter.stored().detach().clone().set_requires_grad(true);
    leaves_.push_back(parameter.override_value);
  }
}

EffectiveLeaves::~EffectiveLeaves() {
  for (const auto& name : names_) model_.parameters().at(name).override_value = at::Tensor();
}

std::map<std::string, at::Tensor> weight_gradients(learn::Model& model, const std::vector<std::string>& names,
                                                   const SampleBatch& batch, learn::Loss loss, bool training) {
  const EffectiveLeaves leaves(model, names);
  const KeptBuffers buffers(model);
  learn::ForwardOptions options;
  options.training = true;  // a quantized kernel then differentiates
  options.frozen_norms = !training;
  const at::Tensor value = loss(run(model, batch, options), batch.targets);
  const auto gradients = torch::autograd::grad({value}, leaves.leaves(), {}, {}, false, true);
  std::map<std::string, at::Tensor> result;
  for (std::size_t i = 0; i < names.size(); ++i)
    result[names[i]] = gradients[i].defined() ? gradients[i].contiguous() : at::zeros_like(leaves.leaves()[i]).detach();
  return result;
}

std::map<std::string, at::Tensor> weight_gradients(learn::Model& model, const std::vector<std::string>& names,
                                                   const Samples& samples, learn::Loss loss) {
  std::map<std::string, at::Tensor> sums;
  for (const auto& batch : samples)
    for (auto& [name, gradient] : weight_gradients(model, names, batch, loss)) {
      at::Tensor& sum = sums[name];
      sum = sum.defined() ? sum + gradient : gradient;
    }
  for (auto& [name, sum] : sums) sum.div_(static_cast<double>(samples.size()));
  return sums;
}

}  // namespace tern::compress
