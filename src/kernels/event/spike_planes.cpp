#include "kernels/event/spike_planes.hpp"

#include <bit>

#include "base/error.hpp"
#include "kernels/event/spike_planes_impl.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace spike_planes_scalar {
namespace {

std::int64_t count(const std::uint64_t* src, std::int64_t words) {
  std::int64_t spikes = 0;
  for (std::int64_t w = 0; w < words; ++w) spikes += std::popcount(src[w]);
  return spikes;
}

void max_pool(const SpikePoolJob& job) {
  const SpikePool& s = job.pool;
  for (std::int64_t y = job.first; y < job.last; ++y)
    for (std::int64_t x = 0; x < s.out_w; ++x)
      for (std::int64_t w = 0; w < s.words(); ++w) {
        const std::uint64_t* const src =
            job.src + y * s.stride_h * s.src_row + x * s.stride_w * s.src_pixel + w;
        std::uint64_t word = 0;
        for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
          for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) word |= src[ky * s.src_row + kx * s.src_pixel];
        static_cast<std::uint64_t*>(job.dst)[y * s.dst_row + x * s.dst_pixel + w] = word;
      }
}

void sum_pool(const SpikePoolJob& job) {
  const SpikePool& s = job.pool;
  for (std::int64_t y = job.first; y < job.last; ++y)
    for (std::int64_t x = 0; x < s.out_w; ++x) {
      const std::uint64_t* const src = job.src + y * s.stride_h * s.src_row + x * s.stride_w * s.src_pixel;
      std::uint8_t* const dst = static_cast<std::uint8_t*>(job.dst) + y * s.dst_row + x * s.dst_pixel;
      for (std::int64_t c = 0; c < s.channels; ++c) {
        std::uint64_t sum = 0;
        for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
          for (std::int64_t kx = 0; kx < s.kernel_w; ++kx)
            sum += src[ky * s.src_row + kx * s.src_pixel + c / 64] >> c % 64 & 1;
        dst[c] = static_cast<std::uint8_t>(sum);
      }
    }
}

}  // namespace

const SpikePlaneKernels kernels{count, max_pool, sum_pool};

}  // namespace spike_planes_scalar

namespace {

const SpikePlaneKernels& plane_kernels() {
#ifdef TERN_KERNELS_X86
  static constexpr const SpikePlaneKernels* vnni = &spike_planes_vnni::kernels;
#else
  static constexpr const SpikePlaneKernels* vnni = nullptr;
#endif
  return *for_isa<const SpikePlaneKernels*>(&spike_planes_scalar::kernels, nullptr, nullptr, vnni);
}

}  // namespace

std::int64_t count_spikes(const std::uint64_t* src, std::int64_t rows, std::int64_t row_words,
                          std::int64_t src_row) {
  std::int64_t spikes = 0;
  for (std::int64_t r = 0; r < rows; ++r) spikes += plane_kernels().count(src + r * src_row, row_words);
  return spikes;
}

void max_pool_spikes(const SpikePool& pool, const std::uint64_t* src, std::uint64_t* dst,
                     std::int64_t first_row, std::int64_t last_row) {
  plane_kernels().max_pool({pool, src, dst, first_row, last_row});
}

void sum_pool_spikes(const SpikePool& pool, const std::uint64_t* src, std::uint8_t* dst,
                     std::int64_t first_row, std::int64_t last_row) {
  if (pool.kernel_h * pool.kernel_w > 255)
    fail(ErrorKind::unsupported, "sum_pool_spikes", "expected windows of at most 255 places, got {}",
         pool.kernel_h * pool.kernel_w);
  plane_kernels().sum_pool({pool, src, dst, first_row, last_row});
}

void spread_spikes(const std::uint64_t* src, std::int64_t src_pixel, std::int64_t pixels,
                   std::int64_t channels, std::uint8_t* dst, std::int64_t dst_pixel) {
  sum_pool_spikes({channels, 1, 1, 1, 1, pixels, 0, src_pixel, 0, dst_pixel}, src, dst, 0, 1);
}

}  // namespace tern::kernels
