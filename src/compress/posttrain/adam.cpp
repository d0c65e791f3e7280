#include "compress/posttrain/adam.hpp"

#include <cmath>
#include <utility>

#include "learn/torch.hpp"

namespace tern::compress {

Adam::Adam(std::vector<at::Tensor> leaves, std::vector<double> rates)
    : leaves_(std::move(leaves)), rates_(std::move(rates)) {
  for (const auto& leaf : leaves_) {
    first_.push_back(at::zeros_like(leaf).detach());
    second_.push_back(at::zeros_like(leaf).detach());
  }
}

void Adam::step(const std::vector<at::Tensor>& gradients, double factor) {
  const c10::NoGradGuard no_grad;
  constexpr double decay1 = 0.9, decay2 = 0.999, epsilon = 1e-8;
  ++count_;
  const double correction1 = 1 - std::pow(decay1, count_), correction2 = 1 - std::pow(decay2, count_);
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (!gradients[i].defined()) continue;
    first_[i].mul_(decay1).add_(gradients[i], 1 - decay1);
    second_[i].mul_(decay2).addcmul_(gradients[i], gradients[i], 1 - decay2);
    const at::Tensor divisor = (second_[i] / correction2).sqrt_().add_(epsilon);
    leaves_[i].addcdiv_(first_[i], divisor, -rates_[i] * factor / correction1);
  }
}

}  // namespace tern::compress
