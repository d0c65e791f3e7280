#include "kernels/event/neuron_rows.hpp"

#include "base/error.hpp"
#include "kernels/each_isa.hpp"
#include "kernels/spikes.hpp"

namespace tern::kernels {
namespace {

constexpr std::int64_t steps = 7;

/// neuron_forward on dense floats, then pack_spikes a pixel.
std::vector<std::uint64_t> expected_bits(const NeuronParameters& p, std::int64_t pixels,
                                         std::int64_t channels, const std::vector<float>& x) {
  std::vector<float> spikes(x.size());
  neuron_forward(p, steps, pixels * channels, x.data(), spikes.data());
  const std::int64_t words = packed_spike_words(channels);
  std::vector<std::uint64_t> bits(static_cast<std::size_t>(steps * pixels * words));
  for (std::int64_t i = 0; i < steps * pixels; ++i)
    EXPECT_TRUE(pack_spikes(channels, spikes.data() + i * channels, bits.data() + i * words));
  return bits;
}

void expect_equal(const NeuronParameters& p, std::int64_t pixels, std::int64_t channels) {
  const std::vector<float> x =
      normals(steps * pixels * channels, static_cast<std::uint64_t>(channels), 0.3, 0.8);
  const std::int64_t words = packed_spike_words(channels), src_pixel = channels + 5, dst_pixel = words + 1;
  const std::int64_t src_step = pixels * src_pixel + 3, dst_step = pixels * dst_pixel + 2;
  std::vector<float> src(static_cast<std::size_t>(steps * src_step),
                         100.0F);  // what lies between would spike
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t i = 0; i < pixels; ++i)
      for (std::int64_t c = 0; c < channels; ++c)
        src[static_cast<std::size_t>(t * src_step + i * src_pixel + c)] =
            x[static_cast<std::size_t>((t * pixels + i) * channels + c)];
  constexpr std::uint64_t untouched = 0x0123456789abcdef;
  const std::vector<std::uint64_t> bits = expected_bits(p, pixels, channels, x);
  std::vector<std::uint64_t> expected(static_cast<std::size_t>(steps * dst_step), untouched);
  for (std::int64_t i = 0; i < steps * pixels; ++i)
    for (std::int64_t w = 0; w < words; ++w)
      expected[static_cast<std::size_t>(i / pixels * dst_step + i % pixels * dst_pixel + w)] =
          bits[static_cast<std::size_t>(i * words + w)];
  each_isa([&] {
    std::vector<std::uint64_t> dst(expected.size(), untouched);
    neuron_rows(p,
                {steps, pixels, channels, src.data(), src_step, src_pixel, dst.data(), dst_step, dst_pixel});
    EXPECT_EQ(dst, expected) << pixels << " pixels of " << channels << " channels";
  });
}

TEST(NeuronRows, EqualsNeuronForwardPacked) {
  for (const Reset reset : {Reset::hard, Reset::soft, Reset::none})
    for (const bool delay : {false, true}) {
      NeuronParameters p;
      p.decay = 0.7F, p.gain = 0.6F, p.offset = 0.03F, p.v_rest = 0.1F, p.v_threshold = 0.5F,
      p.v_reset = -0.2F;
      p.reset = reset, p.reset_delay = delay;
      for (const std::int64_t channels : {1, 2, 11, 16, 20, 32, 33, 48, 50, 64, 65, 100, 128, 200})
        for (const std::int64_t pixels : {1, 2, 3, 4, 9}) expect_equal(p, pixels, channels);
    }
}

TEST(NeuronRows, IntegrateAndFireAtItsThreshold) {
  NeuronParameters p;  // V grows by 0.5: fires at every second step, when V is exactly 1
  p.reset = Reset::soft;
  const std::vector<float> src(static_cast<std::size_t>(steps * 3), 0.5F);
  each_isa([&] {
    std::vector<std::uint64_t> dst(steps);
    neuron_rows(p, {steps, 1, 3, src.data(), 3, 3, dst.data(), 1, 1});
    EXPECT_EQ(dst, (std::vector<std::uint64_t>{0, 7, 0, 7, 0, 7, 0}));
  });
}

TEST(NeuronRows, ChannelsThatDoNotExistNeverFire) {
  NeuronParameters p;
  p.v_threshold = -1;  // fires with no input at all
  const std::vector<float> src(static_cast<std::size_t>(steps * 70));
  each_isa([&] {
    std::vector<std::uint64_t> dst(2 * steps);
    neuron_rows(p, {steps, 1, 70, src.data(), 70, 70, dst.data(), 2, 2});
    for (std::size_t t = 0; t < steps; ++t) {
      EXPECT_EQ(dst[2 * t], ~std::uint64_t{0});
      EXPECT_EQ(dst[2 * t + 1], 63U);
    }
  });
}

TEST(NeuronRows, RefusesTheSmoothNeuron) {
  NeuronParameters p;
  p.smooth = true;
  EXPECT_THROW(neuron_rows(p, {}), Error);
}

}  // namespace
}  // namespace tern::kernels
