// Activation quantization: to integers and back, in the float arithmetic that learn uses. The bounds are
// integers, so that clamping before rounding gives what learn's clamping after it does.
#include <algorithm>

#include "base/threads.hpp"
#include "engine/ops/ops.hpp"
#include "engine/ops/rounding.hpp"
#include "net/quantized_source.hpp"

namespace tern::engine::ops {
namespace {

class Quantize final : public Operation {
 public:
  explicit Quantize(const BuildContext& context) : type_(context.dst) {
    scale_ = context.values("scale")[0];
    const float zero = context.values("zero_point")[0];
    const auto [low, high] = net::code_range(context.model.net, context.node);
    low_ = static_cast<float>(low) - zero;
    high_ = static_cast<float>(high) - zero;
    if (!(scale_ > 0)) context.refuse(fmt::format("its scale is {}, not positive", scale_));
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t size = net::num_elements(type_.shape);
    const float inverse = 1.0F / scale_;
    parallel_for(extent.frames(type_), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * size; i < end * size; ++i)
        dst[i] = round_small(std::min(std::max(src[0][i] * inverse, low_), high_)) * scale_;
    });
  }

 private:
  net::TensorType type_;
  float scale_ = 1, low_ = 0, high_ = 0;
};

}  // namespace

Made make_quantize(const BuildContext& context) {
  return std::make_unique<Quantize>(context);
}

}  // namespace tern::engine::ops
