#include "kernels/dense/max_pool_codes.hpp"

#include "base/error.hpp"
#include "kernels/dense/max_pool_job.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

MaxPoolCodes* unit() {
#ifdef TERN_KERNELS_X86
  return for_isa<MaxPoolCodes*>(&max_pool_scalar::run, &max_pool_avx2::run, &max_pool_avx512::run, nullptr);
#else
  return &max_pool_scalar::run;
#endif
}

}  // namespace

void max_pool_codes(const ConvShape& shape, const std::uint8_t* src, const Plane<std::uint8_t>& dst,
                    std::int64_t first_row, std::int64_t last_row) {
  if (shape.pad_h != 0 || shape.pad_w != 0)
    fail(ErrorKind::usage, "max pooling", "expected no padding, got {} and {}", shape.pad_h, shape.pad_w);
  if (shape.ic < 1 || shape.kernel_h < 1 || shape.kernel_w < 1 || shape.stride_h < 1 || shape.stride_w < 1)
    fail(ErrorKind::usage, "max pooling",
         "expected extents of at least 1, got {} channels, kernel {} x {}, stride {} x {}", shape.ic,
         shape.kernel_h, shape.kernel_w, shape.stride_h, shape.stride_w);
  unit()({shape, src, dst, first_row, last_row});
}

}  // namespace tern::kernels
