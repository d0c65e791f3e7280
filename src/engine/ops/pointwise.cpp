// add, relu, dropout: element by element, in any layout.
#include <algorithm>
#include <functional>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

/// dst = fold(fold(map(src[0]), src[1]), src[2]) ...: inputs in their order.
template <class Fold, class Map>
class Pointwise final : public Operation {
 public:
  explicit Pointwise(net::TensorType type) : type_(std::move(type)) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t size = extent.frames(type_) * net::num_elements(type_.shape);
    std::transform(src[0], src[0] + size, dst, Map{});
    for (const float* const next : src.subspan(1)) std::transform(dst, dst + size, next, dst, Fold{});
  }

 private:
  net::TensorType type_;
};

struct Identity {
  float operator()(float x) const { return x; }
};
struct Relu {
  float operator()(float x) const { return std::max(x, 0.0F); }
};

}  // namespace

Made make_add(const BuildContext& context) {
  return std::make_unique<Pointwise<std::plus<float>, Identity>>(context.dst);
}
/// Only training drops.
Made make_dropout(const BuildContext& context) {
  return std::make_unique<Pointwise<std::plus<float>, Identity>>(context.dst);
}
Made make_relu(const BuildContext& context) { return std::make_unique<Pointwise<std::plus<float>, Relu>>(context.dst); }

}  // namespace tern::engine::ops
