#include "kernels/bits/bit_serial_conv.hpp"

#include <algorithm>

#include "kernels/bits/bit_serial_kernels.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

constexpr std::int64_t patch_budget = 24 << 10;  // bytes of patches that stay in L1 beside a block of weights
constexpr std::int64_t most_pixels = 64;

const BitKernels& bit_kernels() {
  const BitKernels* avx2 = nullptr;
  const BitKernels* vnni = nullptr;
#ifdef TERN_KERNELS_X86
  avx2 = &bits_avx2::kernels;
  vnni = &bits_vnni::kernels;
#endif
  return *for_isa<const BitKernels*>(&bits_scalar::kernels, avx2, nullptr, vnni);
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

/// Three kernel rows of touching pixels are the thirds of a patch: they are read where they lie, and a row of
/// output pixels shares their exclusive or.
bool reads_in_place(const ConvShape& shape, const BitSerialWeights& weights) {
  return shape.kernel_h == 3 && weights.source.planes == 1 && weights.kind != BitWeights::two_bit &&
         (shape.kernel_w == 1 || (shape.dilation_w == 1 && shape.src_pixel == (shape.ic + 63) / 64));
}

/// A pixel with taps over the border: where its corners lie in tap_sums.
struct BorderPixel {
  std::int64_t pixel;
  std::int64_t top_left, top_right, bottom_left, bottom_right;
};

/// Where the parts of the scratch of a chunk of pixels lie, in bytes: patches (or the combined words of three
/// rows), border pixels, sums of one block of channels, totals.
struct Layout {
  std::int64_t pixels;  ///< of a chunk
  std::size_t patches, border, sums, totals, end;
};

Layout layout_of(const ConvShape& shape, const BitSerialWeights& weights) {
  const bool in_place = reads_in_place(shape, weights);
  const std::int64_t patch =
      in_place ? shape.stride_w * shape.src_pixel : weights.source.planes * weights.words;
  const std::int64_t all = in_place ? shape.out_w : shape.out_w * shape.out_h;
  const std::int64_t fitting = patch_budget / (patch * 8) / 2 * 2;
  const std::int64_t pixels =
      std::clamp<std::int64_t>(fitting, 2, std::min(most_pixels, std::max<std::int64_t>(2, all)));
  const auto words = static_cast<std::size_t>(pixels * patch + (in_place ? weights.words / 3 : 0));
  const auto count = static_cast<std::size_t>(pixels);
  const std::size_t border = words * sizeof(std::uint64_t);
  const std::size_t corners = border + (weights.tap_sums.empty() ? 0 : count * sizeof(BorderPixel));
  const std::size_t sums = (corners + 63) / 64 * 64;
  const std::size_t totals = sums + count * bit_block * sizeof(std::int32_t);
  return {pixels, 0, border, sums, totals, totals + count * sizeof(std::int32_t)};
}

struct Scratch {
  std::uint64_t* patches;
  BorderPixel* border;
  std::int32_t *sums, *totals;
};

Scratch scratch_at(void* base, const Layout& layout) {
  auto* const bytes = static_cast<unsigned char*>(base);
  return {reinterpret_cast<std::uint64_t*>(bytes + layout.patches),
          reinterpret_cast<BorderPixel*>(bytes + layout.border),
          reinterpret_cast<std::int32_t*>(bytes + layout.sums),
          reinterpret_cast<std::int32_t*>(bytes + layout.totals)};
}

/// Taps [first, end) along one axis that lie inside the source.
struct ValidTaps {
  std::int64_t first, end;
};

/// `corner`: coordinate of tap 0, negative in the border.
ValidTaps valid_taps(std::int64_t corner, std::int64_t dilation, std::int64_t taps, std::int64_t size) {
  const auto taps_before = [&](std::int64_t limit) {
    return limit <= corner ? 0 : std::min(taps, (limit - corner + dilation - 1) / dilation);
  };
  const std::int64_t first = taps_before(0);
  return {first, std::max(first, taps_before(size))};
}

/// Those of pixels [first, first + count) that have taps over the border; returns their number.
std::int64_t find_border(const ConvShape& shape, const BitSerialWeights& weights, std::int64_t first,
                         std::int64_t count, BorderPixel* border) {
  if (weights.tap_sums.empty()) return 0;
  const std::int64_t padded = static_cast<std::int64_t>(weights.start.size()),
                     row = (shape.kernel_w + 1) * padded;
  std::int64_t found = 0;
  for (std::int64_t p = 0; p < count; ++p) {
    const std::int64_t y = (first + p) / shape.out_w, x = (first + p) % shape.out_w;
    const ValidTaps v =
        valid_taps(y * shape.stride_h - shape.pad_h, shape.dilation_h, shape.kernel_h, weights.source.h);
    const ValidTaps h =
        valid_taps(x * shape.stride_w - shape.pad_w, shape.dilation_w, shape.kernel_w, weights.source.w);
    if (v.end - v.first == shape.kernel_h && h.end - h.first == shape.kernel_w) continue;
    border[found++] = {p, v.first * row + h.first * padded, v.first * row + h.end * padded,
                       v.end * row + h.first * padded, v.end * row + h.end * padded};
  }
  return found;
}

/// Takes the products of the source's zero with weights over the border from the sums of a block of channels.
void correct_border(const BitKernels& kernels, const BitSerialWeights& weights, const BorderPixel* border,
                    std::int64_t count, std::int64_t channel, std::int32_t* sums) {
  if (count == 0) return;
  const std::int32_t* const taps = weights.tap_sums.data() + channel;
  const std::int32_t* const all = taps + weights.tap_sums.size() - weights.start.size();
  for (const BorderPixel* b = border; b < border + count; ++b)
    kernels.correct(
        {taps + b->top_left, taps + b->top_right, taps + b->bottom_left, taps + b->bottom_right, all},
        sums + b->pixel * bit_block);
}

/// Stores sums of pixels [first, first + count), row by row.
void finish_pixels(const ConvShape& shape, const Epilogue& epilogue, const std::int32_t* sums,
                   std::int64_t first, std::int64_t count, std::int64_t channel, std::int64_t width) {
  for (std::int64_t p = 0; p < count;) {
    const std::int64_t y = (first + p) / shape.out_w, x = (first + p) % shape.out_w;
    const std::int64_t run = std::min(count - p, shape.out_w - x);
    finish(epilogue, sums + p * bit_block, bit_block, y, x, run, channel, width);
    p += run;
  }
}

}  // namespace

std::size_t BitSerialWeights::bytes() const {
  return planes.size() + (start.size() + tap_sums.size()) * sizeof(start[0]);
}

std::size_t bit_serial_conv_scratch_bytes(const ConvShape& shape, const BitSerialWeights& weights) {
  return layout_of(shape, weights).end;
}

namespace {

/// Points a tile at the words of pixels [first, first + count), which lie in one row if they are read in
/// place.
void find_words(const ConvShape& shape, const BitSerialWeights& weights, const BitKernels& kernels,
                const std::uint64_t* src, std::int64_t first, std::int64_t count, const Scratch& room,
                BitTile& tile) {
  const std::uint64_t* const corner = src - shape.pad_h * shape.src_row - shape.pad_w * shape.src_pixel;
  const std::int64_t third = weights.words / 3;
  if (reads_in_place(shape, weights)) {
    const std::int64_t y = first / shape.out_w, x = first % shape.out_w,
                       row = shape.dilation_h * shape.src_row;
    tile.pixel = shape.stride_w * shape.src_pixel;
    const std::uint64_t* const top = corner + y * shape.stride_h * shape.src_row + x * tile.pixel;
    kernels.combine(room.patches, top, top + row, top + 2 * row, (count - 1) * tile.pixel + third);
    tile.thirds[0] = room.patches, tile.thirds[1] = top + row, tile.thirds[2] = top + 2 * row;
    return;
  }
  std::int32_t* const totals = tile.alpha != 0 ? room.totals : nullptr;
  kernels.gather({shape.kernel_h, shape.kernel_w, shape.stride_h, shape.stride_w, shape.dilation_h,
                  shape.dilation_w, shape.out_w, shape.src_pixel, shape.src_row, (shape.ic + 63) / 64,
                  weights.source.planes, weights.words, corner, first, count, room.patches, totals});
  for (std::int64_t i = 0; i < 3; ++i) tile.thirds[i] = room.patches + i * third;
  tile.rest = room.patches + 3 * third;
  tile.plane = weights.words;
  tile.pixel = weights.source.planes * weights.words;
  tile.totals = totals;
}

}  // namespace

void run_bit_serial_conv(const ConvShape& shape, const BitSerialWeights& weights, const std::uint64_t* src,
                         const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                         std::int64_t first_channel, std::int64_t last_channel, void* scratch) {
  const BitKernels& kernels = bit_kernels();
  const Terms terms = terms_of(weights.kind, weights.source.planes);
  const std::int64_t channel_words = (weights.kind == BitWeights::binary ? 1 : 2) * weights.words;
  const auto* const packed = reinterpret_cast<const std::uint64_t*>(weights.planes.data());
  const Layout layout = layout_of(shape, weights);
  const Scratch room = scratch_at(scratch, layout);
  const std::int64_t last = last_row * shape.out_w;
  BitTile tile{.words = weights.words, .terms = terms.terms, .num_terms = terms.count};
  tile.alpha = weights.kind == BitWeights::two_bit ? -weights.source.step : 0;
  tile.beta = weights.kind == BitWeights::binary ? 0 : 1;
  tile.step = weights.source.step;
  tile.sums = room.sums;
  for (std::int64_t first = first_row * shape.out_w; first < last; first += tile.count) {
    tile.count = std::min(layout.pixels, last - first);
    if (reads_in_place(shape, weights)) tile.count = std::min(tile.count, shape.out_w - first % shape.out_w);
    find_words(shape, weights, kernels, src, first, tile.count, room, tile);
    const std::int64_t border = find_border(shape, weights, first, tile.count, room.border);
    for (std::int64_t channel = first_channel; channel < last_channel; channel += bit_block) {
      tile.width = std::min(bit_block, last_channel - channel);
      tile.weights = packed + channel * channel_words;
      tile.start = weights.start.data() + channel;
      kernels.tile(tile);
      correct_border(kernels, weights, room.border, border, channel, room.sums);
      finish_pixels(shape, epilogue, room.sums, first, tile.count, channel, tile.width);
    }
  }
}

void run_bit_serial_conv(const ConvShape& shape, const BitSerialWeights& weights, const std::uint64_t* src,
                         const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                         void* scratch) {
  run_bit_serial_conv(shape, weights, src, epilogue, first_row, last_row, 0, weights.oc, scratch);
}

}  // namespace tern::kernels
