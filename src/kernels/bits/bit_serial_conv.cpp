#include "kernels/bits/bit_serial_conv.hpp"

#include <algorithm>

#include "kernels/bits/bit_serial_kernels.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

constexpr std::int64_t patch_budget = 24 << 10;  // bytes of patches that stay in L1 beside a block of weights
constexpr std::int64_t most_pixels = 64;

const BitKernels& bit_kernels() {
#if defined(TERN_KERNELS_X86)
  return *for_isa<const BitKernels*>(&bits_scalar::kernels, &bits_avx2::kernels, nullptr, &bits_vnni::kernels);
#elif defined(TERN_KERNELS_ARM)
  return *for_isa<const BitKernels*>(&bits_scalar::kernels, &bits_neon::kernels, nullptr);
#else
  return bits_scalar::kernels;
#endif
}

/// The products of planes, largest power of two first, each shifted to the next (Horner's rule).
struct Terms {
  BitTerm terms[4];
  std::int64_t count = 0;
};

Terms terms_of(BitWeights kind, std::int32_t source_planes) {
  const std::int32_t weight_planes = kind == BitWeights::binary ? 1 : 2;
  const std::int32_t high =
      kind == BitWeights::two_bit ? 1 : 0;  // exponent of weight plane 1, which is negative
  Terms out;
  std::int32_t before = source_planes - 1 + high;
  for (std::int32_t exponent = before; exponent >= 0; --exponent)
    for (std::int32_t p = 0; p < source_planes; ++p)
      for (std::int32_t q = 0; q < weight_planes; ++q) {
        if (p + q * high != exponent) continue;
        out.terms[out.count++] = {p, q, before - exponent, q == 1};
        before = exponent;
      }
  return out;
}

/// Where the parts of the scratch of a chunk of pixels lie, in bytes: chains, rows of starts, sums, totals.
struct Layout {
  std::int64_t pixels;              ///< of a chunk
  std::int64_t pixel, plane, link;  ///< words, see BitGather
  std::size_t patches, rows, sums, totals, end;
};

Layout layout_of(const ConvShape& shape, const BitSerialWeights& weights) {
  const std::int64_t planes = weights.source.planes, words = planes * weights.words;
  const std::int64_t all = shape.out_w * shape.out_h;
  const std::int64_t fitting = patch_budget / (words * 8) / 2 * 2;
  const std::int64_t pixels =
      std::clamp<std::int64_t>(fitting, 2, std::min(most_pixels, std::max<std::int64_t>(2, all)));
  Layout out{};
  out.pixels = pixels;
  if (shape.taps() == 1) {
    out.pixel = words, out.plane = weights.words, out.link = 1;
  } else {
    out.pixel = words / shape.taps(), out.plane = weights.words / shape.taps();
    out.link = pixels * out.pixel + 8;  // by a line more, lest all links fall into one set of the cache
  }
  const auto count = static_cast<std::size_t>(pixels);
  out.rows = static_cast<std::size_t>(pixels * words + 8 * shape.taps()) * sizeof(std::uint64_t);
  out.sums = out.rows + (weights.column_class.empty() ? 0 : count * sizeof(std::int64_t));
  out.sums = (out.sums + 63) / 64 * 64;
  out.totals = out.sums + count * bit_block * sizeof(std::int32_t);
  out.end = out.totals + (weights.kind == BitWeights::two_bit ? count * sizeof(std::int32_t) : 0);
  return out;
}

/// Of pixels [first, first + count): where their starts begin. Returns null where all start alike.
const std::int64_t* find_starts(const ConvShape& shape, const BitSerialWeights& weights, std::int64_t first,
                                std::int64_t count, std::int64_t* rows) {
  if (weights.column_class.empty()) return nullptr;
  const std::int64_t padded = (weights.oc + bit_block - 1) / bit_block * bit_block;
  std::int64_t y = first / shape.out_w, x = first % shape.out_w;
  for (std::int64_t p = 0; p < count; ++p) {
    const std::int32_t row = weights.row_class[static_cast<std::size_t>(y)];
    rows[p] = (row + weights.column_class[static_cast<std::size_t>(x)]) * padded;
    if (++x == shape.out_w) x = 0, ++y;
  }
  return rows;
}

}  // namespace

std::size_t BitSerialWeights::bytes() const {
  return planes.size() + (start.size() + row_class.size() + column_class.size()) * sizeof(start[0]);
}

std::size_t bit_serial_conv_scratch_bytes(const ConvShape& shape, const BitSerialWeights& weights) {
  return layout_of(shape, weights).end;
}

void run_bit_serial_conv(const ConvShape& shape, const BitSerialWeights& weights, const std::uint64_t* src,
                         const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                         std::int64_t first_channel, std::int64_t last_channel, void* scratch) {
  const BitKernels& kernels = bit_kernels();
  const Terms terms = terms_of(weights.kind, weights.source.planes);
  const std::int64_t channel_words = (weights.kind == BitWeights::binary ? 1 : 2) * weights.words;
  const auto* const packed = reinterpret_cast<const std::uint64_t*>(weights.planes.data());
  const Layout layout = layout_of(shape, weights);
  auto* const bytes = static_cast<unsigned char*>(scratch);
  auto* const patches = reinterpret_cast<std::uint64_t*>(bytes + layout.patches);
  auto* const rows = reinterpret_cast<std::int64_t*>(bytes + layout.rows);
  const bool wants_totals = weights.kind == BitWeights::two_bit;
  auto* const totals = wants_totals ? reinterpret_cast<std::int32_t*>(bytes + layout.totals) : nullptr;
  const BitChains chains = chains_of(shape);
  BitTile tile{.shape = chains, .patches = patches, .pixel = layout.pixel, .plane = layout.plane, .link = layout.link};
  tile.terms = terms.terms, tile.num_terms = terms.count;
  tile.totals = totals;
  tile.alpha = wants_totals ? -weights.source.step : 0;
  tile.beta = weights.kind == BitWeights::binary ? 0 : 1;
  tile.step = weights.source.step;
  tile.sums = reinterpret_cast<std::int32_t*>(bytes + layout.sums);
  tile.epilogue = &epilogue;
  tile.out_w = shape.out_w;
  const std::int64_t last = last_row * shape.out_w;
  for (std::int64_t first = first_row * shape.out_w; first < last; first += tile.count) {
    tile.count = std::min(layout.pixels, last - first);
    tile.y = first / shape.out_w, tile.x = first % shape.out_w;
    kernels.gather({shape.kernel_h, shape.kernel_w, shape.stride_h, shape.stride_w, shape.dilation_h,
                    shape.dilation_w, shape.out_w, shape.src_pixel, shape.src_row, (shape.ic + 63) / 64,
                    weights.source.planes, chains, layout.pixel, layout.plane, layout.link,
                    src - shape.pad_h * shape.src_row - shape.pad_w * shape.src_pixel, first, tile.count, patches,
                    totals});
    tile.start_rows = find_starts(shape, weights, first, tile.count, rows);
    for (tile.channel = first_channel; tile.channel < last_channel; tile.channel += bit_block) {
      tile.width = std::min(bit_block, last_channel - tile.channel);
      tile.weights = packed + tile.channel * channel_words;
      tile.start = weights.start.data() + tile.channel;
      kernels.tile(tile);
    }
  }
}

void run_bit_serial_conv(const ConvShape& shape, const BitSerialWeights& weights, const std::uint64_t* src,
                         const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                         void* scratch) {
  run_bit_serial_conv(shape, weights, src, epilogue, first_row, last_row, 0, weights.oc, scratch);
}

void pack_bit_planes(std::int64_t places, std::int64_t channels, const std::uint8_t* codes,
                     std::int64_t codes_pixel, std::int32_t planes, std::uint64_t* dst,
                     std::int64_t dst_pixel) {
  bit_kernels().pack({places, channels, codes, codes_pixel, planes, dst, dst_pixel});
}

}  // namespace tern::kernels
