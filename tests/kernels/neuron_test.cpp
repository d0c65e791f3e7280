// Forward: worked by hand, silent below threshold, the same bits on every instruction set.
#include "kernels/neuron.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

std::vector<float> spikes_of(const NeuronParameters& p, const std::vector<float>& x) {
  std::vector<float> spikes(x.size());
  neuron_forward(p, static_cast<std::int64_t>(x.size()), 1, x.data(), spikes.data());
  return spikes;
}

using Spikes = std::vector<float>;

// V: 0.75, 1.5 fires and goes to 0, 0.75, 1.0 fires at the threshold itself.
TEST(NeuronForward, IntegrateAndFireHard) {
  each_isa([] { EXPECT_EQ(spikes_of({}, {0.75F, 0.75F, 0.75F, 0.25F}), (Spikes{0, 1, 0, 1})); });
}

// V: 0.75, 1.5 fires and keeps 0.5, 1.25 fires and keeps 0.25, 0.5.
TEST(NeuronForward, IntegrateAndFireSoft) {
  NeuronParameters p{.reset = Reset::soft};
  each_isa([&] { EXPECT_EQ(spikes_of(p, {0.75F, 0.75F, 0.75F, 0.25F}), (Spikes{0, 1, 1, 0})); });
}

// Without reset the membrane stays above the threshold.
TEST(NeuronForward, IntegrateAndFireWithoutReset) {
  NeuronParameters p{.reset = Reset::none};
  each_isa([&] { EXPECT_EQ(spikes_of(p, {0.75F, 0.75F, -0.25F, -0.5F}), (Spikes{0, 1, 1, 0})); });
}

// decay-input, tau 2: H = V/2 + X/2: 0.75, 1.125 fires, 0.75, 0.875.
TEST(NeuronForward, LeakyDecayInput) {
  NeuronParameters p{.decay = 0.5F, .gain = 0.5F};
  each_isa([&] { EXPECT_EQ(spikes_of(p, {1.5F, 1.5F, 1.5F, 1.0F}), (Spikes{0, 1, 0, 0})); });
}

// tau 2 about a reset and rest of -1: H = V/2 + X/2 - 1/2: 0.5 from X = 3, then 0.75 + ... fires at X = 3,
// back to -1.
TEST(NeuronForward, LeakyAboutANonzeroReset) {
  NeuronParameters p{.decay = 0.5F, .gain = 0.5F, .offset = -0.5F, .v_rest = -1, .v_reset = -1};
  each_isa([&] { EXPECT_EQ(spikes_of(p, {3, 3, 3, 4}), (Spikes{0, 1, 0, 1})); });
}

// snnTorch's order. Hard: 0.75, 1.5 fires, H[2] is set to 0, 0.75. Soft: 0.75, 1.5 fires, 1.5+0.75-1 = 1.25
// fires, 1.25+0.25-1 = 0.5.
TEST(NeuronForward, DelayedReset) {
  NeuronParameters hard{.reset_delay = true}, soft{.reset = Reset::soft, .reset_delay = true};
  each_isa([&] {
    EXPECT_EQ(spikes_of(hard, {0.75F, 0.75F, 0.75F, 0.75F}), (Spikes{0, 1, 0, 0}));
    EXPECT_EQ(spikes_of(soft, {0.75F, 0.75F, 0.75F, 0.25F}), (Spikes{0, 1, 1, 0}));
  });
}

TEST(NeuronForward, SilentBelowThreshold) {
  NeuronParameters p{.decay = 0.5F, .gain = 0.5F};
  const std::vector<float> x(20 * 100, 0.99F);
  std::vector<float> spikes(x.size(), 1.0F);
  each_isa([&] {
    neuron_forward(p, 20, 100, x.data(), spikes.data());
    EXPECT_EQ(spikes, std::vector<float>(x.size(), 0.0F));
  });
}

/// The header's recurrence, one neuron at a time.
void plain_forward(const NeuronParameters& p, std::int64_t num_steps, std::int64_t size, const float* x,
                   float* spikes) {
  for (std::int64_t i = 0; i < size; ++i) {
    float v = p.v_rest;
    bool fired = false;
    for (std::int64_t t = 0; t < num_steps; ++t) {
      const float input = p.gain * x[t * size + i] + p.offset, kept = p.decay * v;
      float h = kept + input;
      const auto reset = [&](bool s) {
        return !s || p.reset == Reset::none ? h : p.reset == Reset::hard ? p.v_reset : h - p.v_threshold;
      };
      if (p.reset_delay) h = reset(fired);
      fired = h >= p.v_threshold;
      spikes[t * size + i] = fired ? 1.0F : 0.0F;
      v = p.reset_delay ? h : reset(fired);
    }
  }
}

TEST(NeuronForward, EveryInstructionSetGivesTheSameBits) {
  for (const std::int64_t size : {1, 3, 15, 16, 17, 63, 64, 65, 127, 129, 1000}) {
    for (const Reset reset : {Reset::hard, Reset::soft, Reset::none}) {
      for (const bool delay : {false, true}) {
        const NeuronParameters p{.decay = 0.7F,
                                 .gain = 0.9F,
                                 .offset = 0.03F,
                                 .v_rest = 0.1F,
                                 .v_threshold = 0.8F,
                                 .v_reset = -0.2F,
                                 .reset = reset,
                                 .reset_delay = delay};
        const std::vector<float> x = normals(9 * size, 7);
        std::vector<float> expected(x.size()), spikes(x.size());
        plain_forward(p, 9, size, x.data(), expected.data());
        each_isa([&] {
          neuron_forward(p, 9, size, x.data(), spikes.data());
          EXPECT_EQ(spikes, expected) << "size " << size;
        });
      }
    }
  }
}

// Large enough for streaming stores; the pointer is aligned in one case and not in the other.
TEST(NeuronForward, LargeOutputs) {
  const std::int64_t num_steps = 5, size = 1 << 20;
  const std::vector<float> x = normals(num_steps * size, 3);
  std::vector<float> expected(x.size()), room(x.size() + 32);
  const NeuronParameters p{.decay = 0.5F, .gain = 0.5F};
  plain_forward(p, num_steps, size, x.data(), expected.data());
  const std::size_t aligned = (64 - reinterpret_cast<std::uintptr_t>(room.data()) % 64) / sizeof(float) % 16;
  each_isa([&] {
    for (const std::size_t shift : {aligned, aligned + 3})
      each_thread_count([&] {
        neuron_forward(p, num_steps, size, x.data(), room.data() + shift);
        EXPECT_TRUE(
            std::equal(expected.begin(), expected.end(), room.begin() + static_cast<std::ptrdiff_t>(shift)));
      });
  });
}

TEST(AffineNeuronForward, IsTheNeuronOfTheAffine) {
  for (const std::int64_t channels : {1, 2, 3, 16, 33, 64, 100}) {
    const std::int64_t num_steps = 6, rows = 11, size = rows * channels;
    const std::vector<float> x = normals(num_steps * size, 5);
    const std::vector<float> scale = normals(channels, 6, 1), shift = normals(channels, 7);
    std::vector<float> current(x.size()), expected(x.size()), spikes(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % static_cast<std::size_t>(channels);
      const float scaled = scale[c] * x[i];
      current[i] = scaled + shift[c];
    }
    const NeuronParameters p{.decay = 0.5F, .gain = 0.5F};
    plain_forward(p, num_steps, size, current.data(), expected.data());
    each_isa([&] {
      affine_neuron_forward(p, num_steps, rows, channels, x.data(), scale.data(), shift.data(),
                            spikes.data());
      EXPECT_EQ(spikes, expected) << channels << " channels";
    });
  }
}

TEST(Neuron, RefusesNonsense) {
  float x = 0;
  EXPECT_THROW(neuron_forward({}, -1, 1, &x, &x), Error);
  EXPECT_THROW(neuron_forward({.surrogate_alpha = 0}, 1, 1, &x, &x), Error);
  neuron_forward({}, 0, 5, &x, &x);
  neuron_backward({}, 5, 0, &x, &x, &x);
}

}  // namespace
}  // namespace tern::kernels
