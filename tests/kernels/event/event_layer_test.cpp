#include "kernels/event/event_layer.hpp"

#include "kernels/each_isa.hpp"
#include "kernels/event/spike_image.hpp"
#include "kernels/spikes.hpp"

namespace tern::kernels {
namespace {

struct Case {
  ConvShape shape;
  std::int64_t steps;
  double rate;
  bool residual;
};

/// Plain sums, finish, neuron_forward and pack_spikes against the fused layer, over two parts of the rows.
void expect_exact(Case c, std::uint64_t seed) {
  Rng rng(seed);
  ConvShape& s = c.shape;
  const SpikeImage image = random_image(s, c.steps, c.rate, rng);
  const std::vector<std::int8_t> codes = random_codes(s.oc * s.ic * s.taps(), 127, rng);
  const std::int64_t plane = s.out_h * s.out_w * s.oc, padded = (s.oc + 15) / 16 * 16;
  const auto scale = normals(padded, 1, 0.01, 0.003), bias = normals(padded, 2, 0, 0.2);
  const auto norm_scale = normals(padded, 3, 1, 0.2), norm_shift = normals(padded, 4, 0.2, 0.3);
  const auto residual = normals(c.steps * plane, 5, 0, 0.5);
  Epilogue epilogue;
  epilogue.channels = s.oc, epilogue.scale = scale.data(), epilogue.bias = bias.data();
  epilogue.norm_scale = norm_scale.data(), epilogue.norm_shift = norm_shift.data();
  if (c.residual) epilogue.residual = {residual.data(), s.oc, s.out_w * s.oc};
  NeuronParameters neuron;
  neuron.decay = 0.5F, neuron.gain = 0.5F;

  std::vector<float> currents(static_cast<std::size_t>(c.steps * plane)), spikes(currents.size());
  for (std::int64_t t = 0; t < c.steps; ++t) {
    const std::vector<std::int32_t> sums = plain_sums(s, codes, image, t);
    Epilogue step = epilogue;
    step.floats = {currents.data() + t * plane, s.oc, s.out_w * s.oc};
    if (c.residual) step.residual.data += t * plane;
    for (std::int64_t y = 0; y < s.out_h; ++y)
      finish(step, sums.data() + y * s.out_w * s.oc, s.oc, y, 0, s.out_w, 0, s.oc);
  }
  neuron_forward(neuron, c.steps, plane, currents.data(), spikes.data());
  const std::int64_t words = packed_spike_words(s.oc), pixels = s.out_h * s.out_w;
  std::vector<std::uint64_t> expected(static_cast<std::size_t>(c.steps * pixels * words));
  for (std::int64_t i = 0; i < c.steps * pixels; ++i)
    ASSERT_TRUE(pack_spikes(s.oc, spikes.data() + i * s.oc, expected.data() + i * words));

  const EventConvWeights weights = pack_event_conv(s, codes.data());
  each_isa([&] {
    std::vector<std::uint64_t> dst(expected.size(), ~std::uint64_t{0});
    auto scratch = scratch_of(event_layer_scratch_bytes(s, c.steps));
    const EventLayer layer{c.steps,        image.at(0, 0, 0), image.step, dst.data(),
                           pixels * words, s.out_w * words,   words,      plane,
                           neuron};
    const std::int64_t half = s.out_h / 2;
    run_event_layer(s, weights, layer, epilogue, 0, half, aligned(scratch));
    run_event_layer(s, weights, layer, epilogue, half, s.out_h, aligned(scratch));
    EXPECT_EQ(dst, expected);
  });
}

ConvShape shape_of(std::int64_t ic, std::int64_t oc, std::int64_t kernel, std::int64_t out_h,
                   std::int64_t out_w) {
  ConvShape shape;
  shape.ic = ic, shape.oc = oc, shape.kernel_h = shape.kernel_w = kernel;
  shape.pad_h = shape.pad_w = kernel / 2;
  shape.out_h = out_h, shape.out_w = out_w;
  return shape;
}

TEST(EventLayer, EqualsItsPartsOneAfterAnother) {
  expect_exact({shape_of(2, 32, 3, 6, 37), 8, 0.1, false}, 21);   // patterns, several pieces of a row
  expect_exact({shape_of(40, 70, 3, 5, 23), 5, 0.1, false}, 22);  // lists, two words a pixel
  expect_exact({shape_of(64, 130, 3, 4, 9), 4, 0.05, true}, 23);  // two blocks, a residual
  expect_exact({shape_of(33, 12, 1, 3, 5), 3, 0.3, true}, 24);
}

TEST(EventLayer, Linear) {
  expect_exact({shape_of(1500, 100, 1, 2, 1), 6, 0.1, false}, 25);
}

TEST(EventLayer, StrideAndDilation) {
  ConvShape shape = shape_of(20, 35, 3, 5, 12);
  shape.stride_h = shape.stride_w = 2, shape.dilation_h = 2;
  expect_exact({shape, 4, 0.2, false}, 26);
  shape.dilation_w = 2;
  expect_exact({shape, 4, 0.2, true}, 27);
}

}  // namespace
}  // namespace tern::kernels
