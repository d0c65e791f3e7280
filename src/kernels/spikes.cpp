#include "kernels/spikes.hpp"

#include <algorithm>
#include <atomic>

#include "base/threads.hpp"
#include "kernels/kernel_table.hpp"

namespace tern::kernels {
namespace {
constexpr std::int64_t grain_words = 1 << 10;
}

bool pack_spikes(std::int64_t n, const float* x, std::uint64_t* bits) {
  std::atomic<bool> binary{true};
  const std::int64_t words = n / 64, rest = n % 64;
  parallel_for(words, grain_words, [&](std::int64_t first, std::int64_t last) {
    if (!kernel_table().pack_words(last - first, x + first * 64, bits + first)) binary = false;
  });
  if (rest > 0) {
    float tail[64] = {};
    std::copy(x + words * 64, x + n, tail);
    if (!kernel_table().pack_words(1, tail, bits + words)) binary = false;
  }
  return binary;
}

void unpack_spikes(std::int64_t n, const std::uint64_t* bits, float* x) {
  const std::int64_t words = n / 64, rest = n % 64;
  parallel_for(words, grain_words, [&](std::int64_t first, std::int64_t last) {
    kernel_table().unpack_words(last - first, bits + first, x + first * 64);
  });
  if (rest > 0) {
    float tail[64];
    kernel_table().unpack_words(1, bits + words, tail);
    std::copy(tail, tail + rest, x + words * 64);
  }
}

}  // namespace tern::kernels
