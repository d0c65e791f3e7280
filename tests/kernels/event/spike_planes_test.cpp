#include "kernels/event/spike_planes.hpp"

#include "base/error.hpp"
#include "kernels/each_isa.hpp"
#include "kernels/event/spike_image.hpp"

namespace tern::kernels {
namespace {

TEST(SpikePlanes, Count) {
  Rng rng(31);
  for (const std::int64_t w : {1, 3, 8, 17}) {
    const SpikeImage image(6, w, 90, 1, 1, 1, 0.3, rng);
    std::int64_t expected = 0;
    for (std::int64_t y = 1; y < 5; ++y)
      for (std::int64_t x = 0; x < w; ++x)
        for (std::int64_t c = 0; c < 90; ++c) expected += image.spikes(0, y, x, c);
    each_isa([&] { EXPECT_EQ(count_spikes(image.at(0, 1, 0), 4, w * image.words, image.row), expected); });
  }
}

struct PoolCase {
  std::int64_t channels, kernel_h, kernel_w, stride_h, stride_w, out_h, out_w;
};

constexpr PoolCase pool_cases[] = {{32, 2, 2, 2, 2, 5, 17}, {64, 2, 2, 2, 2, 3, 8}, {5, 2, 2, 2, 2, 4, 3},
                                   {130, 2, 2, 2, 2, 3, 5}, {70, 3, 2, 2, 1, 4, 6}, {20, 3, 3, 1, 2, 3, 9},
                                   {64, 16, 15, 1, 1, 1, 2}};

/// Spikes in the window of output (y, x), channel c.
std::int64_t window_sum(const PoolCase& p, const SpikeImage& image, std::int64_t y, std::int64_t x,
                        std::int64_t c) {
  std::int64_t sum = 0;
  for (std::int64_t ky = 0; ky < p.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < p.kernel_w; ++kx)
      sum += image.spikes(0, y * p.stride_h + ky, x * p.stride_w + kx, c);
  return sum;
}

TEST(SpikePlanes, PoolsEqualWindows) {
  Rng rng(32);
  for (const PoolCase& p : pool_cases) {
    const SpikeImage image((p.out_h - 1) * p.stride_h + p.kernel_h, (p.out_w - 1) * p.stride_w + p.kernel_w,
                           p.channels, 0, 1, 1, p.kernel_h > 9 ? 0.9 : 0.3, rng);
    const std::int64_t words = image.words, bytes = p.channels + 3;
    SpikePool pool{p.channels, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w,
                   p.out_w,    image.row,  words,      0,          0};
    each_isa([&] {
      std::vector<std::uint64_t> most(static_cast<std::size_t>(p.out_h * p.out_w * words));
      pool.dst_row = p.out_w * words, pool.dst_pixel = words;
      max_pool_spikes(pool, image.at(0, 0, 0), most.data(), 0, p.out_h);
      std::vector<std::uint8_t> sums(static_cast<std::size_t>(p.out_h * p.out_w * bytes), 77);
      pool.dst_row = p.out_w * bytes, pool.dst_pixel = bytes;
      sum_pool_spikes(pool, image.at(0, 0, 0), sums.data(), 0, p.out_h);
      for (std::int64_t i = 0; i < p.out_h * p.out_w; ++i) {
        for (std::int64_t c = 0; c < p.channels; ++c) {
          const std::int64_t sum = window_sum(p, image, i / p.out_w, i % p.out_w, c);
          ASSERT_EQ(sums[static_cast<std::size_t>(i * bytes + c)], sum);
          ASSERT_EQ(most[static_cast<std::size_t>(i * words + c / 64)] >> c % 64 & 1, sum > 0 ? 1U : 0U);
        }
        for (std::int64_t c = p.channels; c < bytes; ++c)
          ASSERT_EQ(sums[static_cast<std::size_t>(i * bytes + c)], 77);
      }
    });
  }
}

TEST(SpikePlanes, PoolTakesTheRowsAsked) {
  Rng rng(33);
  const SpikeImage image(12, 10, 20, 0, 0, 1, 0.5, rng);
  each_isa([&] {
    std::vector<std::uint64_t> whole(30), part(30, 5);
    const SpikePool pool{20, 2, 2, 2, 2, 5, image.row, 1, 5, 1};
    max_pool_spikes(pool, image.at(0, 0, 0), whole.data(), 0, 6);
    max_pool_spikes(pool, image.at(0, 0, 0), part.data(), 2, 4);
    for (std::size_t i = 0; i < 30; ++i) EXPECT_EQ(part[i], i >= 10 && i < 20 ? whole[i] : 5) << i;
  });
}

TEST(SpikePlanes, SpreadIsOneByteAChannel) {
  Rng rng(34);
  for (const std::int64_t channels : {1, 32, 64, 100}) {
    const SpikeImage image(1, 9, channels, 0, 0, 1, 0.4, rng);
    each_isa([&] {
      std::vector<std::uint8_t> codes(static_cast<std::size_t>(9 * channels));
      spread_spikes(image.at(0, 0, 0), image.words, 9, channels, codes.data(), channels);
      for (std::int64_t i = 0; i < 9 * channels; ++i)
        ASSERT_EQ(codes[static_cast<std::size_t>(i)], image.spikes(0, 0, i / channels, i % channels) ? 1 : 0);
    });
  }
}

TEST(SpikePlanes, RefusesWindowsThatBytesCannotCount) {
  EXPECT_THROW(sum_pool_spikes({1, 16, 16, 1, 1, 1, 16, 1, 1, 1}, nullptr, nullptr, 0, 0), Error);
}

}  // namespace
}  // namespace tern::kernels
