// Backward: against a plain reverse-mode reference, and against finite differences of the smooth neuron.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "kernels/each_isa.hpp"
#include "kernels/neuron.hpp"
#include "kernels/surrogate.hpp"

namespace tern::kernels {
namespace {

/// What one neuron's forward leaves for reverse mode: the membrane before a delayed reset and at firing, the
/// spike.
struct Tape {
  std::vector<double> charge, h, s;
};

Tape record(const NeuronParameters& p, std::int64_t num_steps, std::int64_t size, const float* x) {
  Tape tape;
  float v = p.v_rest, fired = 0;
  for (std::int64_t t = 0; t < num_steps; ++t) {
    const float input = p.gain * x[t * size] + p.offset, kept = p.decay * v;
    const float charge = kept + input;
    const auto reset = [&](float u, float s) {
      return s == 0 || p.reset == Reset::none ? u : p.reset == Reset::hard ? p.v_reset : u - p.v_threshold;
    };
    const float h = p.reset_delay ? reset(charge, fired) : charge;
    fired = h >= p.v_threshold ? 1.0F : 0.0F;
    v = p.reset_delay ? h : reset(h, fired);
    tape.charge.push_back(charge), tape.h.push_back(h), tape.s.push_back(fired);
  }
  return tape;
}

/// Reverse mode written out operation by operation: each step of the recurrence hands its adjoint to its
/// operands.
void plain_backward(const NeuronParameters& p, std::int64_t num_steps, std::int64_t size, const float* x,
                    const float* grad_spikes, double* grad_x) {
  const Tape tape = record(p, num_steps, size, x);
  const auto n = static_cast<std::size_t>(num_steps);
  std::vector<double> of_charge(n), of_h(n), of_s(n), of_after(n);
  for (std::size_t t = 0; t < n; ++t) of_s[t] = grad_spikes[static_cast<std::int64_t>(t) * size];
  // out = reset(u, s), with adjoint `of_out`, hands on to u and s.
  const auto reset_back = [&](double of_out, double u, double s, double& of_u, double& of_spike) {
    if (p.reset == Reset::hard) {
      of_u += of_out * (1 - s);
      if (!p.detach_reset) of_spike += of_out * (p.v_reset - u);
    } else {
      of_u += of_out;
      if (p.reset == Reset::soft && !p.detach_reset) of_spike -= of_out * p.v_threshold;
    }
  };
  for (std::size_t t = n; t-- > 0;) {
    if (p.reset_delay)
      of_h[t] += of_after[t];
    else
      reset_back(of_after[t], tape.h[t], tape.s[t], of_h[t], of_s[t]);
    of_h[t] += of_s[t] * surrogate_derivative(p.surrogate, tape.h[t] - p.v_threshold, p.surrogate_alpha);
    if (p.reset_delay && t > 0)
      reset_back(of_h[t], tape.charge[t], tape.s[t - 1], of_charge[t], of_s[t - 1]);
    else
      of_charge[t] += of_h[t];
    if (t > 0) of_after[t - 1] += of_charge[t] * p.decay;
    grad_x[static_cast<std::int64_t>(t) * size] = of_charge[t] * p.gain;
  }
}

template <typename Check>
void each_form(const Check& check) {
  for (const SurrogateInfo& surrogate : surrogate_table())
    for (const Reset reset : {Reset::hard, Reset::soft, Reset::none})
      for (const bool delay : {false, true})
        for (const bool detach : {false, true}) {
          SCOPED_TRACE(surrogate.info.name + " reset " + std::to_string(static_cast<int>(reset)) +
                       (delay ? " delayed" : "") + (detach ? " detached" : ""));
          check(NeuronParameters{.decay = 0.7F,
                                 .gain = 0.9F,
                                 .offset = 0.03F,
                                 .v_rest = 0.1F,
                                 .v_threshold = 0.8F,
                                 .v_reset = -0.2F,
                                 .reset = reset,
                                 .reset_delay = delay,
                                 .detach_reset = detach,
                                 .surrogate = surrogate.kind,
                                 .surrogate_alpha = surrogate.default_alpha});
        }
}

// Bound: 7 steps of about 10 roundings each, and the largest gradient's slope error of 16 units on top.
TEST(NeuronBackward, EqualsPlainReverseMode) {
  const std::int64_t num_steps = 7, size = 83;  // a whole tile and part of one
  const std::vector<float> x = normals(num_steps * size, 1, 0.3), grad = normals(num_steps * size, 2);
  each_form([&](const NeuronParameters& p) {
    std::vector<double> expected(x.size());
    for (std::int64_t i = 0; i < size; ++i)
      plain_backward(p, num_steps, size, x.data() + i, grad.data() + i, expected.data() + i);
    double largest = 1;
    for (const double e : expected) largest = std::max(largest, std::abs(e));
    each_isa([&] {
      std::vector<float> grad_x(x.size());
      neuron_backward(p, num_steps, size, x.data(), grad.data(), grad_x.data());
      for (std::size_t i = 0; i < x.size(); ++i)
        ASSERT_NEAR(grad_x[i], expected[i], 256 * std::ldexp(largest, -24));
    });
  });
}

TEST(NeuronBackward, InstructionSetsThreadsAndInPlaceAgreeBitForBit) {
  for (const std::int64_t size : {1, 15, 16, 17, 63, 64, 65, 4099}) {
    const std::vector<float> x = normals(9 * size, 1, 0.3), grad = normals(9 * size, 2);
    each_form([&](const NeuronParameters& p) {
      std::vector<float> expected;
      each_isa([&] {
        each_thread_count([&] {
          std::vector<float> in_place = grad;
          neuron_backward(p, 9, size, x.data(), in_place.data(), in_place.data());
          if (expected.empty()) {
            expected.resize(x.size());
            neuron_backward(p, 9, size, x.data(), grad.data(), expected.data());
          }
          ASSERT_EQ(in_place, expected);
        });
      });
    });
  }
}

// A membrane exactly at the threshold fires, in backward too: H[0] = 1 is reset to 0, so that x[0] does not reach S[1];
// with the delayed reset H[1] is set to 0, and neither does x[1].
TEST(NeuronBackward, FiresAtTheThresholdItself) {
  const float x[] = {1, 1}, grad[] = {0, 1};
  each_isa([&] {
    float grad_x[2];
    neuron_backward({}, 2, 1, x, grad, grad_x);
    EXPECT_EQ(grad_x[0], 0);
    EXPECT_EQ(grad_x[1], 1);  // the peak of atan with alpha 2
    neuron_backward({.reset_delay = true}, 2, 1, x, grad, grad_x);
    EXPECT_EQ(grad_x[0], 0);
    EXPECT_EQ(grad_x[1], 0);
  });
}

// Outputs beyond the caches are streamed, but not in place: both ways must agree.
TEST(NeuronBackward, LargeOutputs) {
  const std::int64_t num_steps = 5, rows = 1 << 14, channels = 61, size = rows * channels;  // 64 divides rows
  const std::vector<float> x = normals(num_steps * size, 1), grad = normals(num_steps * size, 2);
  const std::vector<float> scale(61, 1.0F), shift(61, 0.0F);
  std::vector<float> room(x.size() + 16), sums(2 * 61), in_place_sums(2 * 61);
  const std::size_t aligned = (64 - reinterpret_cast<std::uintptr_t>(room.data()) % 64) / sizeof(float) % 16;
  float* out = room.data() + aligned;
  each_isa([&] {
    each_thread_count([&] {
      std::vector<float> in_place = grad;
      neuron_backward({}, num_steps, size, x.data(), in_place.data(), in_place.data());
      neuron_backward({}, num_steps, size, x.data(), grad.data(), out);
      EXPECT_TRUE(std::equal(in_place.begin(), in_place.end(), out));
      in_place = grad;
      affine_neuron_backward({}, num_steps, rows, channels, x.data(), scale.data(), shift.data(),
                             in_place.data(), in_place.data(), in_place_sums.data(),
                             in_place_sums.data() + 61);
      affine_neuron_backward({}, num_steps, rows, channels, x.data(), scale.data(), shift.data(), grad.data(),
                             out, sums.data(), sums.data() + 61);
      EXPECT_TRUE(std::equal(in_place.begin(), in_place.end(), out));
      EXPECT_EQ(sums, in_place_sums);
    });
  });
}

/// L = sum of weight * S over the smooth neuron.
double smooth_loss(const NeuronParameters& p, std::int64_t num_steps, const std::vector<float>& x,
                   const std::vector<float>& weight) {
  std::vector<float> s(x.size());
  neuron_forward(p, num_steps, static_cast<std::int64_t>(x.size()) / num_steps, x.data(), s.data());
  double loss = 0;
  for (std::size_t i = 0; i < s.size(); ++i) loss += static_cast<double>(weight[i]) * s[i];
  return loss;
}

TEST(NeuronBackward, SmoothEqualsFiniteDifferences) {
  const std::int64_t num_steps = 6;
  const std::vector<float> x = normals(num_steps * 3, 11, 0.2), weight = normals(num_steps * 3, 12);
  each_form([&](NeuronParameters p) {
    if (p.detach_reset) return;
    p.smooth = true;
    p.surrogate_alpha =
        std::min(p.surrogate_alpha, 2.0F);  // gentle slopes: differences of floats see few digits
    std::vector<float> grad(x.size());
    neuron_backward(p, num_steps, 3, x.data(), weight.data(), grad.data());
    std::size_t checked = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::vector<float> more = x, less = x;
      more[i] += 1.0F / 1024, less[i] -= 1.0F / 1024;
      const double above =
          (smooth_loss(p, num_steps, more, weight) - smooth_loss(p, num_steps, x, weight)) * 1024;
      const double below =
          (smooth_loss(p, num_steps, x, weight) - smooth_loss(p, num_steps, less, weight)) * 1024;
      if (p.surrogate == SurrogateKind::boxcar && std::abs(above - below) > 0.02)
        continue;  // a corner of g between
      ++checked;
      EXPECT_NEAR(grad[i], (above + below) / 2, p.surrogate == SurrogateKind::boxcar ? 0.02 : 2e-3)
          << "input " << i;
    }
    EXPECT_GE(checked, x.size() * 3 / 4);
  });
}

// The smooth path and the kernels share no code; without reset S does not feed back, and both must give one
// gradient.
TEST(NeuronBackward, SmoothAgreesWithTheKernelsWithoutReset) {
  const std::vector<float> x = normals(8 * 70, 21), grad = normals(8 * 70, 22);
  each_form([&](NeuronParameters p) {
    if (p.reset != Reset::none) return;
    std::vector<float> fast(x.size()), smooth(x.size());
    neuron_backward(p, 8, 70, x.data(), grad.data(), fast.data());
    p.smooth = true;
    neuron_backward(p, 8, 70, x.data(), grad.data(), smooth.data());
    for (std::size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(fast[i], smooth[i], 5e-5);
  });
}

TEST(AffineNeuronBackward, EqualsTheNeuronOfTheAffineAndItsSums) {
  for (const std::int64_t channels : {1, 2, 3, 16, 33, 64, 100}) {
    const std::int64_t num_steps = 6, rows = 111, size = rows * channels;
    const auto c_of = [&](std::size_t i) { return i % static_cast<std::size_t>(channels); };
    const std::vector<float> x = normals(num_steps * size, 5), grad = normals(num_steps * size, 8);
    const std::vector<float> scale = normals(channels, 6, 1), shift = normals(channels, 7);
    std::vector<float> current(x.size()), expected(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float scaled = scale[c_of(i)] * x[i];
      current[i] = scaled + shift[c_of(i)];
    }
    const NeuronParameters p{.decay = 0.5F, .gain = 0.5F, .detach_reset = false};
    neuron_backward(p, num_steps, size, current.data(), grad.data(), expected.data());
    std::vector<double> sum(static_cast<std::size_t>(channels)), sum_x(sum.size()), sizes(sum.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum[c_of(i)] += expected[i], sum_x[c_of(i)] += double{expected[i]} * x[i];
      sizes[c_of(i)] += std::abs(expected[i]) * (1 + std::abs(x[i]));
    }
    each_isa([&] {
      each_thread_count([&] {
        std::vector<float> in_place = grad, sum_grad(sum.size()), sum_grad_x(sum.size());
        affine_neuron_backward(p, num_steps, rows, channels, x.data(), scale.data(), shift.data(),
                               in_place.data(), in_place.data(), sum_grad.data(), sum_grad_x.data());
        EXPECT_EQ(in_place, expected) << channels << " channels";
        for (std::size_t c = 0; c < sum.size(); ++c) {
          EXPECT_NEAR(sum_grad[c], sum[c], num_steps * std::ldexp(sizes[c], -24));
          EXPECT_NEAR(sum_grad_x[c], sum_x[c], num_steps * std::ldexp(sizes[c], -24));
        }
      });
    });
  }
}

TEST(AffineNeuronBackward, SumsRepeatBitForBit) {
  const std::int64_t num_steps = 4, rows = 5000, channels = 24, size = rows * channels;
  const std::vector<float> x = normals(num_steps * size, 5), grad = normals(num_steps * size, 8);
  const std::vector<float> scale(24, 1.1F), shift(24, 0.1F);
  each_thread_count([&] {
    std::vector<float> first;
    each_isa([&] {
      std::vector<float> out(x.size()), sums(48);
      affine_neuron_backward({}, num_steps, rows, channels, x.data(), scale.data(), shift.data(), grad.data(),
                             out.data(), sums.data(), sums.data() + 24);
      if (first.empty()) first = sums;
      EXPECT_EQ(sums, first);
    });
  });
}

}  // namespace
}  // namespace tern::kernels
