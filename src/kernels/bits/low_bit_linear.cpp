#include "kernels/bits/low_bit_linear.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/bits/low_bit_kernels.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

constexpr const char* place = "low_bit_linear";
constexpr std::int64_t most_inputs = 131072;       // sums of fields in the middle of a byte stay below 2^31
constexpr std::int64_t strip = 192;                // channels whose sums are finished together
constexpr std::int64_t source_budget = 256 << 10;  // bytes of prepared pixels that stay in L2
constexpr std::int64_t most_pixels = 64;

const LowBitKernels& low_bit_kernels() {
#if defined(TERN_KERNELS_X86)
  return *for_isa<const LowBitKernels*>(&low_bit_scalar::kernels, &low_bit_avx2::kernels, nullptr, &low_bit_vnni::kernels);
#elif defined(TERN_KERNELS_ARM)
  return *for_isa<const LowBitKernels*>(&low_bit_scalar::kernels, &low_bit_neon::kernels, &low_bit_dotprod::kernels);
#else
  return low_bit_scalar::kernels;
#endif
}

std::int64_t groups_of(const LowBitWeights& weights) {
  return (weights.ic + low_bit_group(weights.bits) - 1) / low_bit_group(weights.bits);
}

/// Where the parts of the scratch of a chunk of pixels lie, in bytes.
struct Layout {
  std::int64_t pixels, pixel_bytes;
  std::size_t sums, totals, end;
};

Layout layout_of(const ConvShape& shape, const LowBitWeights& weights) {
  const std::int64_t bytes = groups_of(weights) * low_bit_group(weights.bits);
  const std::int64_t most = std::min(most_pixels, shape.out_h * shape.out_w);
  const std::int64_t fitting = source_budget / bytes / low_bit_pixels * low_bit_pixels;
  const std::int64_t pixels = std::max<std::int64_t>(1, std::min(most, std::max(low_bit_pixels, fitting)));
  const std::size_t sums = (static_cast<std::size_t>(pixels * bytes) + 63) / 64 * 64;
  const std::size_t totals = sums + static_cast<std::size_t>(low_bit_pixels * strip) * sizeof(std::int32_t);
  return {pixels, bytes, sums, totals, totals + static_cast<std::size_t>(pixels) * sizeof(std::int32_t)};
}

void check(const ConvShape& shape, int bits, std::int32_t offset) {
  if (bits != 2 && bits != 4) fail(ErrorKind::unsupported, place, "expected 2 or 4 bits, got {}", bits);
  if (shape.groups != 1 || shape.taps() != 1 || shape.pad_h != 0 || shape.pad_w != 0)
    fail(ErrorKind::unsupported, place, "expected a 1x1 convolution without padding in one group");
  if (shape.ic > most_inputs)
    fail(ErrorKind::unsupported, place, "expected at most {} inputs, got {}", most_inputs, shape.ic);
  if (offset < 0 || offset > 255)
    fail(ErrorKind::usage, place, "expected an offset of 0 .. 255, got {}", offset);
}

/// Stores sums of pixels [first, first + count), row by row.
void finish_pixels(const ConvShape& shape, const Epilogue& epilogue, const std::int32_t* sums,
                   std::int64_t first, std::int64_t count, std::int64_t channel, std::int64_t width) {
  for (std::int64_t p = 0; p < count;) {
    const std::int64_t y = (first + p) / shape.out_w, x = (first + p) % shape.out_w;
    const std::int64_t run = std::min(count - p, shape.out_w - x);
    finish(epilogue, sums + p * strip, strip, y, x, run, channel, width);
    p += run;
  }
}

}  // namespace

LowBitWeights pack_low_bit_linear(const ConvShape& shape, int bits, const std::int8_t* codes,
                                  std::int32_t offset) {
  check(shape, bits, offset);
  LowBitWeights out;
  out.bits = bits;
  out.ic = shape.ic;
  out.oc = shape.oc;
  const std::int64_t zero = 1 << (bits - 1), group = low_bit_group(bits), groups = groups_of(out);
  const std::int64_t blocks = (shape.oc + low_bit_block - 1) / low_bit_block;
  out.packed = AlignedBytes(static_cast<std::size_t>(blocks * groups * 64));
  out.start.resize(static_cast<std::size_t>(blocks * low_bit_block));
  for (std::int64_t o = 0; o < shape.oc; ++o) {
    std::int64_t sum = 0;
    for (std::int64_t c = 0; c < shape.ic; ++c) {
      const std::int64_t code = codes[o * shape.ic + c];
      if (code < -zero || code >= zero)
        fail(ErrorKind::bad_data, place, "weight code {} does not fit {} bits", code, bits);
      sum += code;
      const std::int64_t in_group = c % group;
      out.packed.data()[((o / low_bit_block * groups + c / group) * low_bit_block + o % low_bit_block) * 4 +
                        in_group % 4] |= static_cast<std::uint8_t>((code + zero) << (in_group / 4 * bits));
    }
    out.start[static_cast<std::size_t>(o)] = static_cast<std::int32_t>((128 - offset) * sum);
  }
  return out;
}

std::size_t low_bit_linear_scratch_bytes(const ConvShape& shape, const LowBitWeights& weights) {
  return layout_of(shape, weights).end;
}

void run_low_bit_linear(const ConvShape& shape, const LowBitWeights& weights, const std::uint8_t* src,
                        const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                        std::int64_t first_channel, std::int64_t last_channel, void* scratch) {
  const LowBitKernels& kernels = low_bit_kernels();
  const Layout layout = layout_of(shape, weights);
  auto* const bytes = static_cast<unsigned char*>(scratch);
  auto* const prepared = reinterpret_cast<std::int8_t*>(bytes);
  auto* const sums = reinterpret_cast<std::int32_t*>(bytes + layout.sums);
  auto* const totals = reinterpret_cast<std::int32_t*>(bytes + layout.totals);
  const std::int64_t groups = groups_of(weights), last = last_row * shape.out_w;
  for (std::int64_t first = first_row * shape.out_w; first < last; first += layout.pixels) {
    const std::int64_t count = std::min(layout.pixels, last - first);
    for (std::int64_t p = 0; p < count; ++p) {
      const std::int64_t y = (first + p) / shape.out_w, x = (first + p) % shape.out_w;
      totals[p] =
          kernels.prepare(src + y * shape.stride_h * shape.src_row + x * shape.stride_w * shape.src_pixel,
                          weights.ic, layout.pixel_bytes, prepared + p * layout.pixel_bytes);
    }
    for (std::int64_t channel = first_channel; channel < last_channel; channel += strip) {
      const std::int64_t width = std::min(strip, last_channel - channel);
      for (std::int64_t p = 0; p < count; p += low_bit_pixels) {
        const std::int64_t pixels = std::min(low_bit_pixels, count - p);
        kernels.tile({weights.bits, groups, (width + low_bit_block - 1) / low_bit_block,
                      weights.packed.data() + channel / low_bit_block * groups * 64,
                      weights.start.data() + channel, pixels, prepared + p * layout.pixel_bytes, totals + p,
                      sums, strip});
        finish_pixels(shape, epilogue, sums, first + p, pixels, channel, width);
      }
    }
  }
}

void run_low_bit_linear(const ConvShape& shape, const LowBitWeights& weights, const std::uint8_t* src,
                        const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                        void* scratch) {
  run_low_bit_linear(shape, weights, src, epilogue, first_row, last_row, 0, weights.oc, scratch);
}

}  // namespace tern::kernels
