#include "compress/prune/dynamics/hard_concrete_gate.hpp"

#include <cmath>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

at::Tensor stretched(const at::Tensor& s) {
  return (s * (HardConcreteGate::zeta - HardConcreteGate::gamma) + HardConcreteGate::gamma).clamp(0, 1);
}

}  // namespace

MethodInfo hard_concrete_info() {
  return {"l0",
          "weights train with the probability that they are there, by hard concrete gates",
          "Louizos et al. 2018",
          {}};
}

at::Tensor HardConcreteGate::open_probability() const {
  return at::sigmoid(logits() - beta * std::log(-gamma / zeta));
}

at::Tensor HardConcreteGate::draw(const at::Tensor& u) const {
  return stretched(at::sigmoid((at::log(u) - at::log1p(-u) + logits()) / beta));
}

at::Tensor HardConcreteGate::expected() const {
  return stretched(at::sigmoid(logits()));
}

}  // namespace tern::compress
