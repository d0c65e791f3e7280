// Every kernel of a layer against the plain one, over random shapes, weights and sources.
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "engine/layers/layer.hpp"
#include "kernels/isa.hpp"

namespace tern::engine {
namespace {

/// A random layer and one frame for it.
struct Case {
  LayerTask task;
  std::vector<std::int8_t> weights;
  std::vector<std::uint64_t> memory;  ///< the frame in its border, slack around it
  std::size_t origin = 0;             ///< byte of element (0, 0)
  std::vector<float> scale;

  const void* src() const { return reinterpret_cast<const std::byte*>(memory.data()) + origin; }
};

std::int64_t pick(Rng& rng, std::vector<std::int64_t> choices) { return choices[rng.below(choices.size())]; }

Case random_case(std::uint64_t seed) {
  Rng rng(seed);
  Case c;
  LayerTask& t = c.task;
  kernels::ConvShape& s = t.shape;
  t.source = rng.below(3) == 0 ? Form::bits : Form::codes;
  s.groups = t.source == Form::codes ? pick(rng, {1, 1, 1, 2, 4}) : 1;
  s.ic = s.groups * pick(rng, {1, 2, 3, 4, 8, 16, 17, 32, 64, 70});
  s.oc = s.groups * pick(rng, {1, 3, 8, 16, 17, 32, 40, 64, 130});
  if (s.groups == 4 && rng.below(2) == 0) s.groups = s.oc = s.ic;
  s.kernel_h = pick(rng, {1, 1, 2, 3, 3, 5}), s.kernel_w = pick(rng, {1, 1, 2, 3, 3, 4});
  s.stride_h = pick(rng, {1, 1, 2, 3}), s.stride_w = pick(rng, {1, 1, 2});
  s.dilation_h = pick(rng, {1, 1, 2}), s.dilation_w = pick(rng, {1, 1, 3});
  s.pad_h = pick(rng, {0, 1, 2}), s.pad_w = pick(rng, {0, 1, 3});
  s.out_h = pick(rng, {1, 2, 5, 7}), s.out_w = pick(rng, {1, 3, 8, 16, 19});
  if (rng.below(5) == 0) {  // a linear layer on rows
    s = {.ic = s.ic / s.groups * 7, .oc = s.oc, .out_h = s.out_h};
    s.groups = 1;
  }
  const bool is_identity = t.source == Form::codes && rng.below(8) == 0;
  if (is_identity) {
    s = {.ic = s.ic, .oc = s.ic, .out_h = s.out_h, .out_w = s.out_w};
    s.groups = s.ic;
  }
  const std::int64_t reach_h = (s.out_h - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  const std::int64_t reach_w = (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  if (reach_h <= 2 * s.pad_h) s.pad_h = 0;
  if (reach_w <= 2 * s.pad_w) s.pad_w = 0;
  // Where strides leave rows and columns over, nothing reads them.
  t.source_h = reach_h - 2 * s.pad_h + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(s.stride_h)));
  t.source_w = reach_w - 2 * s.pad_w + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(s.stride_w)));
  // Borders may be wider than this layer needs.
  const std::int64_t border_h = s.pad_h + static_cast<std::int64_t>(rng.below(2));
  const std::int64_t border_w = s.pad_w + static_cast<std::int64_t>(rng.below(2));
  const std::int64_t element = t.source == Form::bits ? 8 : 1;
  s.src_pixel = t.source == Form::bits ? (s.ic + 63) / 64 : (s.ic + 3) / 4 * 4;
  s.src_row = (t.source_w + 2 * border_w) * s.src_pixel;
  if (t.source == Form::codes) {
    t.source_largest = static_cast<std::int32_t>(pick(rng, {1, 3, 15, 255}));
    t.source_offset = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(t.source_largest) + 1));
  }

  t.bits = is_identity ? 8 : static_cast<int>(pick(rng, {1, 2, 4, 8}));
  const int most = (1 << (t.bits - 1)) - 1;
  const double zeros = static_cast<double>(pick(rng, {0, 40, 90})) / 100;
  c.weights.resize(static_cast<std::size_t>(s.oc * s.group_ic() * s.taps()));
  for (auto& w : c.weights)
    w = static_cast<std::int8_t>(t.bits == 1 ? (rng.below(2) == 0 ? -1 : 1)
                                             : static_cast<int>(rng.below(2U * static_cast<unsigned>(most) + 2)) - most - 1);
  if (t.bits > 1)
    for (auto& w : c.weights)
      if (rng.uniform() < zeros) w = 0;
  if (is_identity) std::fill(c.weights.begin(), c.weights.end(), std::int8_t{1});
  t.weights = c.weights;

  const std::int64_t frame = (t.source_h + 2 * border_h) * s.src_row * element;
  c.memory.assign(static_cast<std::size_t>(frame + 2 * 64 + 7) / 8, 0);
  auto* const bytes = reinterpret_cast<std::uint8_t*>(c.memory.data());
  if (t.source == Form::codes) std::memset(bytes, t.source_offset, c.memory.size() * 8);
  c.origin = 64 + static_cast<std::size_t>((border_h * s.src_row + border_w * s.src_pixel) * element);
  for (std::int64_t y = 0; y < t.source_h; ++y)
    for (std::int64_t x = 0; x < t.source_w; ++x) {
      const std::size_t pixel = c.origin + static_cast<std::size_t>((y * s.src_row + x * s.src_pixel) * element);
      for (std::int64_t i = 0; i < (t.source == Form::bits ? s.ic : s.src_pixel); ++i)
        if (t.source == Form::codes)  // bytes that pad a pixel hold anything
          bytes[pixel + static_cast<std::size_t>(i)] =
              static_cast<std::uint8_t>(rng.below(i < s.ic ? static_cast<std::uint64_t>(t.source_largest) + 1 : 256));
        else if (rng.below(4) == 0)
          c.memory[pixel / 8 + static_cast<std::size_t>(i / 64)] |= std::uint64_t{1} << (i % 64);
    }
  c.scale.assign(static_cast<std::size_t>(s.oc) + kernels::epilogue_block, 1.0F);
  return c;
}

/// [out_h][out_w][oc], in two calls where there are rows enough.
std::vector<float> run(const LayerKernel& kernel, const Case& c) {
  const kernels::ConvShape& s = c.task.shape;
  const auto layer = kernel.make(c.task);
  std::vector<float> dst(static_cast<std::size_t>(s.out_h * s.out_w * s.oc), -1.0F);
  std::vector<std::byte> scratch(layer->scratch_bytes() + 64, std::byte{0x5a});
  void* aligned = scratch.data();
  std::size_t space = scratch.size();
  std::align(64, layer->scratch_bytes(), aligned, space);
  kernels::Epilogue epilogue;
  epilogue.channels = s.oc;
  epilogue.scale = c.scale.data();
  epilogue.floats = {dst.data(), s.oc, s.oc * s.out_w};
  const std::int64_t middle = s.out_h / 2;
  if (middle > 0) layer->run(c.src(), epilogue, 0, middle, aligned);
  layer->run(c.src(), epilogue, middle, s.out_h, aligned);
  return dst;
}

std::string describe(const Case& c) {
  const kernels::ConvShape& s = c.task.shape;
  return fmt::format("ic {} oc {} kernel {}x{} stride {}x{} pad {}x{} dilation {}x{} groups {} out {}x{} source {}x{} offset {} "
                     "largest {} bits {} zeros {:.2f} {}",
                     s.ic, s.oc, s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.pad_h, s.pad_w, s.dilation_h, s.dilation_w,
                     s.groups, s.out_h, s.out_w, c.task.source_h, c.task.source_w, c.task.source_offset, c.task.source_largest,
                     c.task.bits, c.task.zeros(), c.task.source == Form::bits ? "spikes" : "codes");
}

class Layers : public ::testing::TestWithParam<kernels::Isa> {};

TEST_P(Layers, EveryKernelThatSuitsEqualsThePlainOne) {
  if (!kernels::isa_available(GetParam())) GTEST_SKIP() << "not on this processor";
  const kernels::Isa before = kernels::current_isa();
  kernels::force_isa(GetParam());
  std::map<std::string, int> tried;
  for (std::uint64_t seed = 0; seed < 250; ++seed) {
    const Case c = random_case(seed);
    const auto expected = run(layers::plain, c);
    for (const auto& kernel : layer_kernels())
      if (kernel.suits(c.task)) {
        ++tried[std::string(kernel.name)];
        EXPECT_EQ(run(kernel, c), expected) << kernel.name << ", seed " << seed << ": " << describe(c);
      }
  }
  for (const auto& kernel : layer_kernels()) EXPECT_GE(tried[std::string(kernel.name)], 10) << kernel.name;
  kernels::force_isa(before);
}

INSTANTIATE_TEST_SUITE_P(Engine, Layers,
                         ::testing::ValuesIn(kernels::all_isas),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace tern::engine
