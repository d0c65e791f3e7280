// Nearest neighbour: every place of a channels-last image, repeated.
#include <algorithm>
#include <tuple>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

class Upsample2d final : public Operation {
 public:
  explicit Upsample2d(const BuildContext& context) : src_(context.src()) {
    std::tie(vertical_, horizontal_) = context.rules.pair("factor");
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t c = src_.shape[0], w = src_.shape[2], rows = extent.frames(src_) * src_.shape[1];
    for (std::int64_t y = 0; y < rows; ++y) {
      float* const first = dst;
      for (std::int64_t x = 0; x < w; ++x)
        for (std::int64_t i = 0; i < horizontal_; ++i) dst = std::copy_n(src[0] + (y * w + x) * c, c, dst);
      const std::int64_t row = dst - first;
      for (std::int64_t i = 1; i < vertical_; ++i) dst = std::copy_n(first, row, dst);
    }
  }

 private:
  net::TensorType src_;
  std::int64_t vertical_ = 1, horizontal_ = 1;
};

}  // namespace

Made make_upsample2d(const BuildContext& context) { return std::make_unique<Upsample2d>(context); }

}  // namespace tern::engine::ops
