#include <immintrin.h>

#include "kernels/epilogue_impl.hpp"

namespace tern::kernels::epilogue_avx512 {
namespace {
#include "kernels/epilogue_lanes_avx512.inl"
}  // namespace

void finish(const FinishJob& job) {
  const Epilogue& e = job.epilogue;
  const FinishParts parts = parts_of(e);
  for (std::int64_t p = 0; p < job.count; ++p)
    for (std::int64_t i = 0; i < job.width; i += 16) {
      const std::int64_t left = job.width - i;
      const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
      const std::int64_t at = p * job.acc_pixel + i;
      const __m512 sum = job.sums != nullptr ? _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, job.sums + at))
                                             : _mm512_maskz_loadu_ps(mask, job.float_sums + at);
      finish_lanes(e, parts, sum, job.y, job.x + p, job.first + i, mask);
    }
}

}  // namespace tern::kernels::epilogue_avx512
