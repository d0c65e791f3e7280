// batch_norm with frozen statistics: one multiplication and one addition a channel.
#include "engine/ops/ops.hpp"
#include "kernels/batch_norm.hpp"

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
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t rows = extent.frames(type_) * (net::num_elements(type_.shape) / type_.shape[0]);
    kernels::affine_forward(rows, type_.shape[0], src[0], scale_.data(), shift_.data(), dst);
  }

 private:
  std::size_t channels() const { return static_cast<std::size_t>(type_.shape[0]); }

  net::TensorType type_;
  std::vector<float> scale_;
  std::vector<float> shift_;
};

}  // namespace

Made make_batch_norm(const BuildContext& context) { return std::make_unique<Affine>(context); }

}  // namespace tern::engine::ops
