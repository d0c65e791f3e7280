#include "kernels/graph/bf16.hpp"

#include <bit>

#include "base/threads.hpp"

namespace tern::kernels {
namespace {
constexpr std::int64_t grain = 1 << 16;
}

void to_bf16(std::int64_t n, const float* src, std::uint16_t* dst) {
  parallel_for(n, grain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const auto bits = std::bit_cast<std::uint32_t>(src[i]);
      const std::uint32_t rounded = (bits + 0x7fffU + (bits >> 16 & 1U)) >> 16;
      const std::uint32_t quiet = bits >> 16 | 0x40U;
      dst[i] = static_cast<std::uint16_t>((bits & 0x7fffffffU) > 0x7f800000U ? quiet : rounded);
    }
  });
}

void from_bf16(std::int64_t n, const std::uint16_t* src, float* dst) {
  parallel_for(n, grain, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) dst[i] = std::bit_cast<float>(std::uint32_t{src[i]} << 16);
  });
}

}  // namespace tern::kernels
