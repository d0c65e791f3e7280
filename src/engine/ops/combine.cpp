// multiply, whose later inputs may be gates of one value a channel, and concat.
#include <algorithm>
#include <functional>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

/// dst = src[0] * src[1] * ..., from the left. A gate [c] or [c, 1, 1] is one row of channels a frame.
class Multiply final : public Operation {
 public:
  explicit Multiply(const BuildContext& context) : type_(context.dst), size_(net::num_elements(type_.shape)) {
    for (const auto& type : context.rules.src) period_.push_back(net::num_elements(type.shape));
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t frames = extent.frames(type_);
    std::copy_n(src[0], frames * size_, dst);
    for (std::size_t i = 1; i < src.size(); ++i)
      for (std::int64_t frame = 0; frame < frames; ++frame)
        multiply_frame(dst + frame * size_, src[i] + frame * period_[i], period_[i]);
  }

 private:
  /// Channels come last, so that a gate repeats at every place.
  void multiply_frame(float* dst, const float* factor, std::int64_t period) const {
    for (float* const end = dst + size_; dst != end; dst += period)
      std::transform(dst, dst + period, factor, dst, std::multiplies<>{});
  }

  net::TensorType type_;
  std::int64_t size_;
  std::vector<std::int64_t> period_;  ///< elements of each input's frame
};

/// Rows of channels, one behind another at every place.
class Concat final : public Operation {
 public:
  explicit Concat(const BuildContext& context)
      : type_(context.dst), places_(net::num_elements(type_.shape) / type_.shape[0]) {
    for (const auto& type : context.rules.src) channels_.push_back(type.shape[0]);
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t rows = extent.frames(type_) * places_;
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::size_t i = 0; i < src.size(); ++i)
        dst = std::copy_n(src[i] + row * channels_[i], channels_[i], dst);
  }

 private:
  net::TensorType type_;
  std::int64_t places_;
  std::vector<std::int64_t> channels_;
};

}  // namespace

Made make_multiply(const BuildContext& context) { return std::make_unique<Multiply>(context); }
Made make_concat(const BuildContext& context) { return std::make_unique<Concat>(context); }

}  // namespace tern::engine::ops
