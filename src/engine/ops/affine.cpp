// batch_norm with frozen statistics: one multiplication and one addition a channel.
#include <algorithm>

#include "base/threads.hpp"
#include "engine/ops/ops.hpp"
#include "kernels/batch_norm.hpp"
#include "kernels/kernel_table.hpp"

namespace tern::engine::ops {
namespace {

class Affine final : public Operation {
 public:
  explicit Affine(const BuildContext& context)
      : type_(context.dst), scale_(channels()), shift_(channels()) {
    const auto gamma = context.values("weight"), beta = context.values("bias"), mean = context.values("running_mean"),
               var = context.values("running_var");
    const auto eps = static_cast<float>(context.rules.real("eps"));
    for (const float v : var)
      if (!(v + eps > 0)) context.refuse(fmt::format("running_var must not be negative, got {}", v));
    kernels::fold_batch_norm(type_.shape[0], gamma.data(), beta.data(), mean.data(), var.data(), eps, scale_.data(),
                             shift_.data());
    repeat(scale_);
    repeat(shift_);
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t columns = std::ssize(scale_);
    const std::int64_t size = extent.frames(type_) * net::num_elements(type_.shape), rows = size / columns;
    const auto affine = kernels::kernel_table().affine;
    parallel_for(rows, std::max<std::int64_t>(1, grain / columns), [&](std::int64_t first, std::int64_t last) {
      affine(last - first, columns, src[0] + first * columns, scale_.data(), shift_.data(), dst + first * columns);
    });
    for (std::int64_t i = rows * columns; i < size; ++i) {
      const auto column = static_cast<std::size_t>(i - rows * columns);
      dst[i] = scale_[column] * src[0][i] + shift_[column];
    }
  }

 private:
  std::size_t channels() const { return static_cast<std::size_t>(type_.shape[0]); }

  /// Few channels again and again, so that rows fill vectors.
  void repeat(std::vector<float>& values) const {
    const std::size_t folds = std::max<std::size_t>(1, least_columns / channels());
    values.resize(folds * channels());
    for (std::size_t i = channels(); i < values.size(); ++i) values[i] = values[i - channels()];
  }

  static constexpr std::int64_t grain = 1 << 15;
  static constexpr std::size_t least_columns = 64;
  net::TensorType type_;
  std::vector<float> scale_;
  std::vector<float> shift_;
};

}  // namespace

Made make_batch_norm(const BuildContext& context) { return std::make_unique<Affine>(context); }

}  // namespace tern::engine::ops
