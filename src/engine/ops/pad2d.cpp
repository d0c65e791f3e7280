// A border of one value around channels-last images.
#include <algorithm>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

class Pad2d final : public Operation {
 public:
  explicit Pad2d(const BuildContext& context)
      : src_(context.src()),
        dst_(context.dst),
        top_(context.rules.integers("border")[0]),
        left_(context.rules.integers("border")[1]),
        value_(static_cast<float>(context.rules.real("value"))) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t row = src_.shape[2] * src_.shape[0], dst_row = dst_.shape[2] * dst_.shape[0];
    const std::int64_t frames = extent.frames(src_), size = dst_.shape[1] * dst_row;
    std::fill_n(dst, frames * size, value_);
    const float* from = src[0];
    for (std::int64_t frame = 0; frame < frames; ++frame)
      for (std::int64_t y = 0; y < src_.shape[1]; ++y, from += row)
        std::copy_n(from, row, dst + frame * size + (top_ + y) * dst_row + left_ * src_.shape[0]);
  }

 private:
  net::TensorType src_, dst_;
  std::int64_t top_, left_;
  float value_;
};

}  // namespace

Made make_pad2d(const BuildContext& context) { return std::make_unique<Pad2d>(context); }

}  // namespace tern::engine::ops
