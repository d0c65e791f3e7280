#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "kernels/bits/bit_serial_conv.hpp"
#include "kernels/bits/bit_serial_kernels.hpp"

namespace tern::kernels {
namespace {

constexpr const char* place = "bit_serial_conv";

void check(const ConvShape& shape, const BitSource& source) {
  if (shape.groups != 1) fail(ErrorKind::unsupported, place, "expected groups 1, got {}", shape.groups);
  if (source.planes < 1 || source.planes > 2)
    fail(ErrorKind::unsupported, place, "expected 1 or 2 planes, got {}", source.planes);
  if (std::abs(source.zero) > 255 || std::abs(source.step) > 255)
    fail(ErrorKind::unsupported, place, "expected values of at most 255, got zero {}, step {}", source.zero,
         source.step);
  // Every partial sum is below (planes of products: 9) * (values) * bits.
  const std::int64_t bits = shape.taps() * ((shape.ic + 63) / 64) * 64;
  if (bits * 9 * (std::abs(source.zero) + std::abs(source.step)) > std::numeric_limits<std::int32_t>::max())
    fail(ErrorKind::unsupported, place, "sums of {} inputs may not fit 32 bits", bits);
  if (source.zero == 0 || (shape.pad_h == 0 && shape.pad_w == 0)) return;
  const auto places = [](std::int64_t size, std::int64_t pad, std::int64_t kernel, std::int64_t dilation,
                         std::int64_t stride) {
    return (size + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
  };
  if (source.h < 1 || source.w < 1 ||
      places(source.h, shape.pad_h, shape.kernel_h, shape.dilation_h, shape.stride_h) != shape.out_h ||
      places(source.w, shape.pad_w, shape.kernel_w, shape.dilation_w, shape.stride_w) != shape.out_w)
    fail(ErrorKind::usage, place, "a source of {} x {} does not give {} x {} outputs", source.h, source.w,
         shape.out_h, shape.out_w);
}

/// Bits of a code in the planes of its kind: bit q belongs to plane q.
unsigned bits_of(BitWeights kind, std::int8_t code) {
  switch (kind) {
    case BitWeights::binary:
      if (code == 1 || code == -1) return code == 1 ? 1 : 0;
      break;
    case BitWeights::ternary:
      if (code >= -1 && code <= 1) return code == 1 ? 1 : code == -1 ? 2 : 0;
      break;
    case BitWeights::two_bit:
      if (code >= -2 && code <= 1) return static_cast<unsigned>(code) & 3;
      break;
  }
  fail(ErrorKind::bad_data, place, "weight code {} does not belong to its kind", code);
}

/// Position of channel o in its block, see bit_serial_kernels.hpp.
std::int64_t position_of(std::int64_t o) {
  return 16 * (o / 16) + 8 * (o % 2) + o % 16 / 2;
}

/// One plane of a channel, [words], to position `j` of a block, thirds combined.
void place_plane(const std::vector<std::uint64_t>& plane, std::int64_t j, std::uint64_t* block) {
  const std::size_t third = plane.size() / 3;
  std::uint64_t* dst = block + j;
  for (std::size_t t = 0; t < third; ++t, dst += 3 * bit_block) {
    dst[0] = plane[t] ^ plane[t + third] ^ plane[t + 2 * third];
    dst[bit_block] = plane[t + third];
    dst[2 * bit_block] = plane[t + 2 * third];
  }
  for (std::size_t k = 3 * third; k < plane.size(); ++k, dst += bit_block) dst[0] = plane[k];
}

/// tap_sums[ky][kx][o] = zero * sum of weights of taps (less than ky, less than kx).
std::vector<std::int32_t> prefix_sums(const ConvShape& shape, const std::int8_t* codes, std::int32_t zero,
                                      std::int64_t padded) {
  const std::int64_t columns = shape.kernel_w + 1;
  std::vector<std::int32_t> sums(static_cast<std::size_t>((shape.kernel_h + 1) * columns * padded));
  const auto at = [&](std::int64_t ky, std::int64_t kx, std::int64_t o) -> std::int32_t& {
    return sums[static_cast<std::size_t>((ky * columns + kx) * padded + o)];
  };
  for (std::int64_t o = 0; o < shape.oc; ++o)
    for (std::int64_t ky = 0; ky < shape.kernel_h; ++ky)
      for (std::int64_t kx = 0; kx < shape.kernel_w; ++kx) {
        std::int32_t tap = 0;
        for (std::int64_t c = 0; c < shape.ic; ++c)
          tap += codes[((o * shape.ic + c) * shape.kernel_h + ky) * shape.kernel_w + kx];
        at(ky + 1, kx + 1, o) = at(ky, kx + 1, o) + at(ky + 1, kx, o) - at(ky, kx, o) + zero * tap;
      }
  return sums;
}

}  // namespace

BitSerialWeights pack_bit_serial_conv(const ConvShape& shape, BitWeights kind, const std::int8_t* codes,
                                      const BitSource& source) {
  check(shape, source);
  const std::int64_t ic_words = (shape.ic + 63) / 64, words = shape.taps() * ic_words;
  const std::int64_t blocks = (shape.oc + bit_block - 1) / bit_block, padded = blocks * bit_block;
  const std::int64_t num_planes = kind == BitWeights::binary ? 1 : 2;
  const std::int32_t factors[2] = {1, kind == BitWeights::ternary ? -1 : -2};
  BitSerialWeights out;
  out.kind = kind;
  out.source = source;
  out.oc = shape.oc;
  out.words = words;
  out.planes = AlignedBytes(static_cast<std::size_t>(padded * num_planes * words) * 8);
  auto* const packed = reinterpret_cast<std::uint64_t*>(out.planes.data());
  out.start.resize(static_cast<std::size_t>(padded));
  std::vector<std::uint64_t> planes[2];
  for (std::int64_t o = 0; o < shape.oc; ++o) {
    for (auto& plane : planes) plane.assign(static_cast<std::size_t>(words), 0);
    std::int32_t sum = 0;
    for (std::int64_t c = 0; c < shape.ic; ++c)
      for (std::int64_t tap = 0; tap < shape.taps(); ++tap) {
        const std::int8_t code = codes[(o * shape.ic + c) * shape.taps() + tap];
        const unsigned bits = bits_of(kind, code);
        sum += code;
        for (unsigned q = 0; q < 2; ++q)
          planes[q][static_cast<std::size_t>(tap * ic_words + c / 64)] |= std::uint64_t{bits >> q & 1}
                                                                          << (c % 64);
      }
    std::int32_t start = 0;
    for (std::int64_t q = 0; q < num_planes; ++q) {
      for (const std::uint64_t word : planes[q]) start += factors[q] * std::popcount(word);
      place_plane(planes[q], position_of(o % bit_block),
                  packed + (o / bit_block * num_planes + q) * words * bit_block);
    }
    const std::int32_t halves = kind == BitWeights::binary ? 1 : 2;
    out.start[static_cast<std::size_t>(o)] =
        source.step * start * ((1 << source.planes) - 1) + source.zero * sum * halves;
  }
  if (source.zero != 0 && (shape.pad_h != 0 || shape.pad_w != 0))
    out.tap_sums = prefix_sums(shape, codes, source.zero, padded);
  return out;
}

void pack_bit_planes(std::int64_t places, std::int64_t channels, const std::uint8_t* codes,
                     std::int64_t codes_pixel, std::int32_t planes, std::uint64_t* dst,
                     std::int64_t dst_pixel) {
  const std::int64_t words = (channels + 63) / 64;
  for (std::int64_t p = 0; p < places; ++p, codes += codes_pixel, dst += dst_pixel)
    for (std::int32_t plane = 0; plane < planes; ++plane)
      for (std::int64_t k = 0; k < words; ++k) {
        const std::int64_t last = std::min(channels, 64 * (k + 1));
        std::uint64_t word = 0;
        for (std::int64_t c = 64 * k; c < last; ++c)
          word |= std::uint64_t{codes[c] >> plane & 1U} << (c % 64);
        dst[plane * words + k] = word;
      }
}

}  // namespace tern::kernels
