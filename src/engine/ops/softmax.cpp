// Probabilities over the channels of every place; agrees with training within the rounding of exp.
#include <algorithm>
#include <cmath>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

class Softmax final : public Operation {
 public:
  explicit Softmax(net::TensorType type) : type_(std::move(type)) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t channels = type_.shape[0];
    const float* const end = src[0] + extent.frames(type_) * net::num_elements(type_.shape);
    for (const float* row = src[0]; row != end; row += channels, dst += channels) {
      const float largest = *std::max_element(row, row + channels);
      float sum = 0.0F;
      for (std::int64_t c = 0; c < channels; ++c) sum += dst[c] = std::exp(row[c] - largest);
      for (std::int64_t c = 0; c < channels; ++c) dst[c] /= sum;
    }
  }

 private:
  net::TensorType type_;
};

}  // namespace

Made make_softmax(const BuildContext& context) { return std::make_unique<Softmax>(context.dst); }

}  // namespace tern::engine::ops
