// Activations of convolutional networks, element by element in any layout.
//
// relu6, hard_sigmoid, hard_swish and leaky_relu agree with training bit for bit; sigmoid, silu, gelu, elu and tanh
// within the rounding of exp and erf.
#include <algorithm>
#include <cmath>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

template <class Function>
class Activation final : public Operation {
 public:
  Activation(net::TensorType type, Function function) : type_(std::move(type)), function_(function) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    std::transform(src[0], src[0] + extent.frames(type_) * net::num_elements(type_.shape), dst, function_);
  }

 private:
  net::TensorType type_;
  Function function_;
};

template <class Function>
Made activation(const BuildContext& context, Function function) {
  return std::make_unique<Activation<Function>>(context.dst, function);
}

float clamp6(float x) { return std::min(std::max(x, 0.0F), 6.0F); }

}  // namespace

Made make_relu6(const BuildContext& context) {
  return activation(context, [](float x) { return clamp6(x); });
}

Made make_sigmoid(const BuildContext& context) {
  return activation(context, [](float x) { return 1.0F / (1.0F + std::exp(-x)); });
}

Made make_hard_sigmoid(const BuildContext& context) {
  return activation(context, [](float x) { return clamp6(x + 3.0F) / 6.0F; });
}

Made make_silu(const BuildContext& context) {
  return activation(context, [](float x) { return x / (1.0F + std::exp(-x)); });
}

Made make_gelu(const BuildContext& context) {
  constexpr float half_root = 0.70710678F;
  return activation(context, [](float x) { return x * 0.5F * (1.0F + std::erf(x * half_root)); });
}

Made make_hard_swish(const BuildContext& context) {
  return activation(context, [](float x) { return x * clamp6(x + 3.0F) / 6.0F; });
}

Made make_leaky_relu(const BuildContext& context) {
  const auto slope = static_cast<float>(context.rules.real("slope"));
  return activation(context, [slope](float x) { return x > 0.0F ? x : x * slope; });
}

Made make_elu(const BuildContext& context) {
  const auto alpha = static_cast<float>(context.rules.real("alpha"));
  return activation(context, [alpha](float x) { return x > 0.0F ? x : alpha * std::expm1(x); });
}

Made make_tanh(const BuildContext& context) {
  return activation(context, [](float x) { return std::tanh(x); });
}

}  // namespace tern::engine::ops
