#include "kernels/pool.hpp"

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "kernels/kernel_table.hpp"

namespace tern::kernels {
namespace {

constexpr std::int64_t grain_floats = 1 << 15;

void check(const PoolShape& s) {
  if (s.n < 0 || s.h < 1 || s.w < 1 || s.c < 1 || s.kernel_h < 1 || s.kernel_w < 1 || s.stride_h < 1 ||
      s.stride_w < 1)
    fail(ErrorKind::usage, "pool2d",
         "expected extents >= 1, got image [{}, {}, {}, {}], kernel {}x{}, stride {}x{}", s.n, s.h, s.w, s.c,
         s.kernel_h, s.kernel_w, s.stride_h, s.stride_w);
  if (s.kernel_h > s.h || s.kernel_w > s.w)
    fail(ErrorKind::usage, "pool2d", "window {}x{} is larger than the image {}x{}", s.kernel_h, s.kernel_w,
         s.h, s.w);
}

void check_index(const PoolShape& s) {
  check(s);
  if (s.kernel_h > 255 / s.kernel_w)
    fail(ErrorKind::usage, "max_pool2d", "expected a window of at most 255 elements, got {}x{}", s.kernel_h,
         s.kernel_w);
}

/// A job and the offsets it points to.
struct Pooling {
  std::vector<std::int64_t> offsets;
  PoolJob job;
  explicit Pooling(const PoolShape& s) {
    for (std::int64_t dy = 0; dy < s.kernel_h; ++dy)
      for (std::int64_t dx = 0; dx < s.kernel_w; ++dx) offsets.push_back((dy * s.w + dx) * s.c);
    const bool overlap = s.stride_h < s.kernel_h || s.stride_w < s.kernel_w;
    job = {s, s.out_h(), s.out_w(), offsets.data(), s.kernel_h * s.kernel_w, overlap};
  }
};

/// Calls rows(first, last) over the output rows of all images; whole images where `by_image`.
template <typename Rows>
void each_output_rows(const PoolJob& job, bool by_image, const Rows& rows) {
  const PoolShape& s = job.shape;
  const std::int64_t unit = by_image ? job.out_h : 1;
  const std::int64_t floats = std::max<std::int64_t>(1, unit * s.stride_h * s.w * s.c);
  parallel_for(s.n * job.out_h / unit, std::max<std::int64_t>(1, grain_floats / floats),
               [&](std::int64_t first, std::int64_t last) { rows(first * unit, last * unit); });
}

/// Places that no window writes are zeroed first, and all of them where windows add up.
void clear_uncovered(const PoolJob& job, float* grad_x) {
  const PoolShape& s = job.shape;
  const bool covered = s.stride_h == s.kernel_h && s.stride_w == s.kernel_w &&
                       s.h == job.out_h * s.kernel_h && s.w == job.out_w * s.kernel_w;
  if (covered) return;
  parallel_for(s.n * s.h * s.w * s.c, grain_floats, [&](std::int64_t first, std::int64_t last) {
    std::fill(grad_x + first, grad_x + last, 0.0F);
  });
}

}  // namespace

void max_pool2d_forward(const PoolShape& shape, const float* x, float* y, std::uint8_t* index) {
  check_index(shape);
  const Pooling pooling(shape);
  each_output_rows(pooling.job, false, [&](std::int64_t first, std::int64_t last) {
    kernel_table().max_pool(pooling.job, x, y, index, first, last);
  });
}

void max_pool2d_backward(const PoolShape& shape, const float* grad_y, const std::uint8_t* index,
                         float* grad_x) {
  check_index(shape);
  const Pooling pooling(shape);
  clear_uncovered(pooling.job, grad_x);
  each_output_rows(pooling.job, pooling.job.overlap, [&](std::int64_t first, std::int64_t last) {
    train_table().max_pool_backward(pooling.job, grad_y, index, grad_x, first, last);
  });
}

void avg_pool2d_forward(const PoolShape& shape, const float* x, float* y) {
  check(shape);
  const Pooling pooling(shape);
  each_output_rows(pooling.job, false, [&](std::int64_t first, std::int64_t last) {
    kernel_table().avg_pool(pooling.job, x, y, first, last);
  });
}

void avg_pool2d_backward(const PoolShape& shape, const float* grad_y, float* grad_x) {
  check(shape);
  const Pooling pooling(shape);
  clear_uncovered(pooling.job, grad_x);
  each_output_rows(pooling.job, pooling.job.overlap, [&](std::int64_t first, std::int64_t last) {
    train_table().avg_pool_backward(pooling.job, grad_y, grad_x, first, last);
  });
}

}  // namespace tern::kernels
