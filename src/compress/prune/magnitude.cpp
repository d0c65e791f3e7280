#include "compress/prune/magnitude.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Zeroes mask and latent of the round(sparsity * count) smallest weights of `names` together.
void prune_jointly(learn::Model& model, const std::vector<std::string>& names, double sparsity) {
  std::vector<float> sizes;
  for (const auto& name : names) {
    const at::Tensor latent = model.parameters().at(name).latent.detach().contiguous();
    const float* data = latent.data_ptr<float>();
    for (std::int64_t i = 0; i < latent.numel(); ++i) sizes.push_back(std::abs(data[i]));
  }
  std::vector<std::int64_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = static_cast<std::int64_t>(std::llround(sparsity * static_cast<double>(sizes.size())));
  const auto smaller = [&](std::int64_t a, std::int64_t b) {
    const float left = sizes[static_cast<std::size_t>(a)], right = sizes[static_cast<std::size_t>(b)];
    return left != right ? left < right : a < b;
  };
  std::nth_element(order.begin(), order.begin() + count, order.end(), smaller);

  std::vector<float> mask(sizes.size(), 1.0F);
  for (std::int64_t i = 0; i < count; ++i) mask[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = 0.0F;
  const c10::NoGradGuard no_grad;
  std::int64_t offset = 0;
  for (const auto& name : names) {
    learn::Parameter& parameter = model.parameters().at(name);
    const std::int64_t elements = parameter.latent.numel();
    parameter.mask = at::from_blob(mask.data() + offset, parameter.latent.sizes(), at::kFloat).clone();
    parameter.latent.mul_(parameter.mask);
    offset += elements;
  }
}

}  // namespace

MethodInfo magnitude_info() {
  return {"magnitude", "absolute value of the weight", "Han et al. 2015, Learning both Weights and Connections", {}};
}

void prune_by_magnitude(learn::Model& model, const std::vector<std::string>& names, double sparsity, bool global) {
  if (!(sparsity >= 0.0 && sparsity < 1.0))
    fail(ErrorKind::usage, "prune", "sparsity must be at least 0 and below 1, got {}", sparsity);
  if (global) return prune_jointly(model, names, sparsity);
  for (const auto& name : names) prune_jointly(model, {name}, sparsity);
}

double masked_fraction(const learn::Model& model, const std::vector<std::string>& names) {
  double zeros = 0, total = 0;
  for (const auto& name : names) {
    const learn::Parameter& parameter = model.parameters().at(name);
    total += static_cast<double>(parameter.latent.numel());
    if (parameter.mask.defined()) zeros += parameter.mask.eq(0).sum().item<double>();
  }
  return total > 0 ? zeros / total : 0.0;
}

}  // namespace tern::compress
