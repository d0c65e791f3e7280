#include "compress/prune/criteria/as_before.hpp"

#include <utility>

#include "learn/torch.hpp"

namespace tern::compress {

AsBefore::AsBefore(learn::Model& model, const Tensors& before) : model_(model) {
  const c10::NoGradGuard no_grad;
  for (const auto& [name, latent] : before) {
    learn::Parameter& parameter = model_.parameters().at(name);
    latents_[name] = parameter.latent.detach().clone();
    masks_[name] = std::exchange(parameter.mask, at::Tensor());
    parameter.latent.copy_(latent);
  }
}

AsBefore::~AsBefore() {
  const c10::NoGradGuard no_grad;
  for (const auto& [name, latent] : latents_) {
    learn::Parameter& parameter = model_.parameters().at(name);
    parameter.latent.copy_(latent);
    parameter.mask = masks_.at(name);
  }
}

}  // namespace tern::compress
