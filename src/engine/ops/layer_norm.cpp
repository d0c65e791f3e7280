// layer_norm: each sample's features by their own mean and variance. Agrees with training within rounding.
#include <cmath>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

class LayerNorm final : public Operation {
 public:
  explicit LayerNorm(const BuildContext& context)
      : type_(context.dst), gain_(context.values("weight")), shift_(context.values("bias")),
        eps_(context.rules.real("eps")) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const auto width = static_cast<std::int64_t>(gain_.size());
    const float* row = src[0];
    for (std::int64_t i = 0; i < extent.frames(type_); ++i, row += width, dst += width) {
      double sum = 0, squares = 0;
      for (std::int64_t k = 0; k < width; ++k) sum += row[k];
      const double mean = sum / static_cast<double>(width);
      for (std::int64_t k = 0; k < width; ++k) squares += (row[k] - mean) * (row[k] - mean);
      const auto scale = static_cast<float>(1 / std::sqrt(squares / static_cast<double>(width) + eps_));
      for (std::int64_t k = 0; k < width; ++k)
        dst[k] = (row[k] - static_cast<float>(mean)) * scale * gain_[static_cast<std::size_t>(k)] +
                 shift_[static_cast<std::size_t>(k)];
    }
  }

 private:
  net::TensorType type_;
  std::vector<float> gain_, shift_;
  double eps_;
};

}  // namespace

Made make_layer_norm(const BuildContext& context) { return std::make_unique<LayerNorm>(context); }

}  // namespace tern::engine::ops
