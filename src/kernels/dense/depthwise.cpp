#include "kernels/dense/depthwise.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "kernels/dense/depthwise_job.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

constexpr std::int64_t lanes = depthwise_lanes;

RunDepthwise* unit() {
#ifdef TERN_KERNELS_X86
  return for_isa<RunDepthwise*>(&depthwise_scalar::run, &depthwise_avx2::run, &depthwise_avx512::run,
                                &depthwise_vnni::run);
#elif defined(TERN_KERNELS_ARM)
  return for_isa<RunDepthwise*>(&depthwise_scalar::run, &depthwise_neon::run, nullptr);
#else
  return &depthwise_scalar::run;
#endif
}

bool packs_pixels(std::int64_t channels) {
  return channels >= 4 && channels < lanes && lanes % channels == 0;
}

/// Taps column by column; columns of three are filled up to a group.
std::vector<std::int64_t> tap_order(const ConvShape& s) {
  std::vector<std::int64_t> taps;
  for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
    for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) taps.push_back(ky << 32 | kx);
    if (s.kernel_h == 3) taps.push_back(-1);
  }
  taps.resize((taps.size() + 3) / 4 * 4, -1);
  return taps;
}

void check(const ConvShape& s, std::int32_t offset) {
  constexpr const char* place = "depthwise convolution";
  if (s.groups != s.ic || s.ic != s.oc)
    fail(ErrorKind::usage, place,
         "expected as many groups and output channels as channels, got {}, {} and {}", s.groups, s.oc, s.ic);
  if (s.ic < 1 || s.kernel_h < 1 || s.kernel_w < 1)
    fail(ErrorKind::usage, place, "expected extents of at least 1, got weights [{}, 1, {}, {}]", s.oc,
         s.kernel_h, s.kernel_w);
  if (s.taps() > std::numeric_limits<std::int32_t>::max() / (255 * 128))
    fail(ErrorKind::usage, place, "sums of {} taps may leave 32 bits", s.taps());
  if (offset < 0 || offset > 255)
    fail(ErrorKind::usage, place, "expected an offset of 0 to 255, got {}", offset);
}

/// Scratch: offsets, then weights tap by tap of one block.
std::int64_t offsets_bytes(const DepthwiseWeights& weights) {
  return (static_cast<std::int64_t>(weights.taps.size()) * 8 + 63) / 64 * 64;
}

}  // namespace

DepthwiseWeights pack_depthwise(const ConvShape& shape, const std::int8_t* codes, std::int32_t offset) {
  check(shape, offset);
  DepthwiseWeights weights;
  weights.channels = shape.ic;
  weights.blocks = (shape.ic + lanes - 1) / lanes;
  weights.taps = tap_order(shape);
  const auto taps = static_cast<std::int64_t>(weights.taps.size());
  weights.data = AlignedBytes(static_cast<std::size_t>(weights.blocks * taps * lanes));
  weights.initial.assign(static_cast<std::size_t>(weights.blocks * lanes), 0);
  for (std::int64_t i = 0; i < weights.blocks * lanes; ++i) {
    const std::int64_t channel = packs_pixels(shape.ic) ? i % shape.ic : i;
    if (channel >= shape.ic) break;
    const std::int64_t block = i / lanes;
    for (std::int64_t t = 0; t < taps; ++t) {
      const std::int64_t tap = weights.taps[static_cast<std::size_t>(t)];
      if (tap < 0) continue;
      const std::int8_t code =
          codes[channel * shape.taps() + (tap >> 32) * shape.kernel_w + (tap & 0xffffffff)];
      weights.data.data()[(block * taps + t / 4 * 4) * lanes + i % lanes * 4 + t % 4] =
          static_cast<std::uint8_t>(code);
      weights.initial[static_cast<std::size_t>(i)] -= offset * code;
    }
  }
  return weights;
}

std::size_t depthwise_scratch_bytes(const ConvShape&, const DepthwiseWeights& weights) {
  return static_cast<std::size_t>(offsets_bytes(weights)) + weights.taps.size() * lanes * 2;
}

void run_depthwise(const ConvShape& shape, const DepthwiseWeights& weights, const std::uint8_t* src,
                   const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch) {
  if (shape.src_pixel < shape.ic)
    fail(ErrorKind::usage, "depthwise convolution", "expected pixels of at least {} bytes, got {}", shape.ic,
         shape.src_pixel);
  const auto taps = static_cast<std::int64_t>(weights.taps.size());
  auto* const offsets = static_cast<std::int64_t*>(scratch);
  for (std::int64_t t = 0; t < taps; ++t) {
    const std::int64_t tap = weights.taps[static_cast<std::size_t>(t)];
    offsets[t] = tap < 0 ? offsets[t - 1]
                         : (tap >> 32) * shape.dilation_h * shape.src_row +
                               (tap & 0xffffffff) * shape.dilation_w * shape.src_pixel;
  }
  DepthwiseJob job{};
  job.src = src - shape.pad_h * shape.src_row - shape.pad_w * shape.src_pixel;
  job.step_y = shape.stride_h * shape.src_row;
  job.step_x = shape.stride_w * shape.src_pixel;
  job.out_w = shape.out_w;
  job.first_row = first_row;
  job.last_row = last_row;
  job.channels = shape.ic;
  job.blocks = weights.blocks;
  const bool together = packs_pixels(shape.ic) && shape.src_pixel == shape.ic && shape.stride_w <= 2;
  job.pixels = together ? lanes / shape.ic : 1;
  job.offsets = offsets;
  job.groups = taps / 4;
  job.columns = shape.kernel_h == 3;
  job.weights = reinterpret_cast<const std::int8_t*>(weights.data.data());
  job.initial = weights.initial.data();
  job.plain_weights = reinterpret_cast<std::int16_t*>(static_cast<char*>(scratch) + offsets_bytes(weights));
  job.epilogue = &epilogue;
  unit()(job);
}

}  // namespace tern::kernels
