#include "train/layerwise/adam.hpp"

#include <cmath>

#include "base/threads.hpp"
#include "learn/torch.hpp"

namespace tern::train {

Adam Adam::clone() const {
  if (!first.defined()) return {};
  return {first.clone(), second.clone(), steps};
}

void Adam::step(at::Tensor& value, const at::Tensor& gradient, double learning_rate) {
  constexpr double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  if (!first.defined()) {
    first = at::zeros_like(value.detach());
    second = at::zeros_like(value.detach());
  }
  ++steps;
  constexpr auto b1 = static_cast<float>(beta1), b2 = static_cast<float>(beta2), e = static_cast<float>(eps);
  constexpr auto c1 = static_cast<float>(1 - beta1), c2 = static_cast<float>(1 - beta2);
  const auto rate = static_cast<float>(learning_rate / (1 - std::pow(beta1, static_cast<double>(steps))));
  const auto correct2 = static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, static_cast<double>(steps))));
  const at::Tensor plain = gradient.contiguous();
  const float* g = plain.data_ptr<float>();
  float *w = value.data_ptr<float>(), *m = first.data_ptr<float>(), *v = second.data_ptr<float>();
  constexpr std::int64_t grain = 1 << 15;
  parallel_for(value.numel(), grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      m[i] = b1 * m[i] + c1 * g[i];
      v[i] = b2 * v[i] + c2 * (g[i] * g[i]);
    }
  });
  const at::Tensor roots =
      second.sqrt();  // torch's is vectorised; the C library's, which sets errno, cannot be
  const float* root = roots.data_ptr<float>();
  parallel_for(value.numel(), grain, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) w[i] -= rate * m[i] / (root[i] * correct2 + e);
  });
}

}  // namespace tern::train
