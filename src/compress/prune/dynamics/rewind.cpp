#include "compress/prune/dynamics/rewind.hpp"

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr const char* rewind_key = "rewind";

}  // namespace

void keep_for_rewind(learn::Model& model) {
  for (auto& [name, parameter] : model.parameters())
    parameter.state[rewind_key] = parameter.latent.detach().clone();
}

bool rewind(learn::Model& model) {
  const c10::NoGradGuard no_grad;
  bool any = false;
  for (auto& [name, parameter] : model.parameters()) {
    const auto kept = parameter.state.find(rewind_key);
    if (kept == parameter.state.end()) continue;
    parameter.latent.copy_(kept->second);
    if (parameter.mask.defined()) parameter.latent.mul_(parameter.mask);
    any = true;
  }
  return any;
}

void forget_rewind(learn::Model& model) {
  for (auto& [name, parameter] : model.parameters()) parameter.state.erase(rewind_key);
}

}  // namespace tern::compress
