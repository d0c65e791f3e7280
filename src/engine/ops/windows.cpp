// max_pool2d, avg_pool2d and global_avg_pool.
#include <algorithm>
#include <tuple>

#include "base/threads.hpp"
#include "engine/ops/ops.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/pool.hpp"

namespace tern::engine::ops {
namespace {

constexpr std::int64_t grain_floats = 1 << 15;

/// The largest or the mean of each window. Windows are summed in order, then divided once.
class Pool final : public Operation {
 public:
  Pool(const net::TensorType& type, const kernels::PoolShape& shape, bool is_max) : type_(type), is_max_(is_max) {
    for (std::int64_t dy = 0; dy < shape.kernel_h; ++dy)
      for (std::int64_t dx = 0; dx < shape.kernel_w; ++dx) offsets_.push_back((dy * shape.w + dx) * shape.c);
    const bool overlap = shape.stride_h < shape.kernel_h || shape.stride_w < shape.kernel_w;
    job_ = {shape, shape.out_h(), shape.out_w(), offsets_.data(), std::ssize(offsets_), overlap};
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    kernels::PoolJob job = job_;
    job.shape.n = extent.frames(type_);
    const std::int64_t floats = job.shape.stride_h * job.shape.w * job.shape.c;
    parallel_for(job.shape.n * job.out_h, std::max<std::int64_t>(1, grain_floats / floats), [&](std::int64_t first, std::int64_t last) {
      if (is_max_) kernels::kernel_table().max_pool(job, src[0], dst, nullptr, first, last);
      else kernels::kernel_table().avg_pool(job, src[0], dst, first, last);
    });
  }

 private:
  net::TensorType type_;
  bool is_max_;
  std::vector<std::int64_t> offsets_;
  kernels::PoolJob job_{};
};

Made make_pool(const BuildContext& context, bool is_max) {
  const net::TensorType& type = context.src();
  kernels::PoolShape shape{1, type.shape[1], type.shape[2], type.shape[0]};
  std::tie(shape.kernel_h, shape.kernel_w) = context.rules.pair("kernel");
  std::tie(shape.stride_h, shape.stride_w) = context.rules.pair("stride");
  if (is_max && shape.kernel_h * shape.kernel_w > 255)
    context.refuse(fmt::format("windows of at most 255 elements, got {}x{}", shape.kernel_h, shape.kernel_w));
  return std::make_unique<Pool>(type, shape, is_max);
}

}  // namespace

Made make_max_pool(const BuildContext& context) { return make_pool(context, true); }
Made make_avg_pool(const BuildContext& context) { return make_pool(context, false); }
/// One window as large as the image.
Made make_global_avg_pool(const BuildContext& context) {
  const net::Shape& s = context.src().shape;
  return std::make_unique<Pool>(context.src(), kernels::PoolShape{1, s[1], s[2], s[0], s[1], s[2], 1, 1}, false);
}

}  // namespace tern::engine::ops
