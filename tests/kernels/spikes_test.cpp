#include "kernels/spikes.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

TEST(PackSpikes, RoundTrip) {
  Rng rng(4);
  for (const std::int64_t n : {0, 1, 15, 63, 64, 65, 127, 128, 1000, 300000}) {
    std::vector<float> x(static_cast<std::size_t>(n));
    for (float& v : x) v = rng.below(4) == 0 ? 1.0F : 0.0F;
    each_isa([&, n = n] {
      each_thread_count([&] {
        std::vector<std::uint64_t> bits(static_cast<std::size_t>(packed_spike_words(n)), ~std::uint64_t{0});
        EXPECT_TRUE(pack_spikes(n, x.data(), bits.data()));
        for (std::size_t i = 0; i < bits.size() * 64; ++i)
          ASSERT_EQ(bits[i / 64] >> (i % 64) & 1, i < x.size() && x[i] == 1 ? 1U : 0U);
        std::vector<float> back(x.size(), 7.0F);
        unpack_spikes(n, bits.data(), back.data());
        EXPECT_EQ(back, x);
      });
    });
  }
}

TEST(PackSpikes, TellsWhatIsNotASpike) {
  const float odd[] = {0.5F, -1.0F, 2.0F, std::numeric_limits<float>::quiet_NaN(), 1e-45F};
  each_isa([&] {
    for (const float value : odd)
      for (const std::size_t place : {0, 63, 64, 99}) {
        std::vector<float> x(100, 1.0F);
        x[place] = value;
        std::uint64_t bits[2];
        EXPECT_FALSE(pack_spikes(100, x.data(), bits)) << value << " at " << place;
        x[place] = -0.0F;
        EXPECT_TRUE(pack_spikes(100, x.data(), bits));
      }
  });
}

}  // namespace
}  // namespace tern::kernels
