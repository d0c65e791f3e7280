#include "compress/posttrain/model_snapshot.hpp"

#include "learn/torch.hpp"

namespace tern::compress {

ModelSnapshot::ModelSnapshot(const learn::Model& model) : model_(model) {
  for (const auto& [name, parameter] : model_.parameters()) values_.push_back(parameter.latent.detach().clone());
}

void ModelSnapshot::restore(learn::Model& model) const {
  const c10::NoGradGuard no_grad;
  std::size_t i = 0;
  for (const auto& [name, parameter] : model_.parameters()) parameter.latent.detach().copy_(values_[i++]);
  model = model_;
}

}  // namespace tern::compress
