// max_pool2d, avg_pool2d and global_avg_pool.
#include <tuple>

#include "engine/ops/ops.hpp"
#include "kernels/pool.hpp"

namespace tern::engine::ops {
namespace {

class Pool final : public Operation {
 public:
  Pool(const BuildContext& context, bool is_max) : type_(context.src()), is_max_(is_max) {
    shape_.c = type_.shape[0];
    shape_.h = type_.shape[1];
    shape_.w = type_.shape[2];
    std::tie(shape_.kernel_h, shape_.kernel_w) = context.rules.pair("kernel");
    std::tie(shape_.stride_h, shape_.stride_w) = context.rules.pair("stride");
    if (is_max && shape_.kernel_h * shape_.kernel_w > 255)
      context.refuse(fmt::format("windows of at most 255 elements, got {}x{}", shape_.kernel_h, shape_.kernel_w));
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    kernels::PoolShape shape = shape_;
    shape.n = extent.frames(type_);
    if (is_max_) kernels::max_pool2d_forward(shape, src[0], dst, nullptr);
    else kernels::avg_pool2d_forward(shape, src[0], dst);
  }

 private:
  net::TensorType type_;
  kernels::PoolShape shape_;
  bool is_max_;
};

/// One window as large as the image: the same sums in the same order as avg_pool2d, then one division.
class GlobalAvgPool final : public Operation {
 public:
  explicit GlobalAvgPool(const net::TensorType& src)
      : src_(src), shape_{1, src.shape[1], src.shape[2], src.shape[0], src.shape[1], src.shape[2], 1, 1} {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    kernels::PoolShape shape = shape_;
    shape.n = extent.frames(src_);
    kernels::avg_pool2d_forward(shape, src[0], dst);
  }

 private:
  net::TensorType src_;
  kernels::PoolShape shape_;
};

}  // namespace

Made make_max_pool(const BuildContext& context) { return std::make_unique<Pool>(context, true); }
Made make_avg_pool(const BuildContext& context) { return std::make_unique<Pool>(context, false); }
Made make_global_avg_pool(const BuildContext& context) { return std::make_unique<GlobalAvgPool>(context.src()); }

}  // namespace tern::engine::ops
