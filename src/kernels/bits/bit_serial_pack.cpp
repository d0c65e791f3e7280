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

/// One plane of a channel, [chains][links], to position `j` of a block.
void place_plane(const std::vector<std::uint64_t>& plane, std::int64_t links, std::int64_t j, std::uint64_t* block) {
  std::uint64_t* dst = block + j;
  for (std::size_t i = 0; i < plane.size(); ++i, dst += bit_block) {
    const std::int64_t k = static_cast<std::int64_t>(i) % links;
    const bool is_sum = k % 3 == 0 && k + 3 <= links;
    dst[0] = is_sum ? plane[i] ^ plane[i + 1] ^ plane[i + 2] : plane[i];
  }
}

/// Taps [first, end) along one axis that lie inside the source.
struct ValidTaps {
  std::int64_t first, end;
  bool operator==(const ValidTaps&) const = default;
};

/// `corner`: coordinate of tap 0, negative in the border.
ValidTaps valid_taps(std::int64_t corner, std::int64_t dilation, std::int64_t taps, std::int64_t size) {
  const auto taps_before = [&](std::int64_t limit) {
    return limit <= corner ? 0 : std::min(taps, (limit - corner + dilation - 1) / dilation);
  };
  const std::int64_t first = taps_before(0);
  return {first, std::max(first, taps_before(size))};
}

/// The different ValidTaps along one axis, and of each output which.
struct Classes {
  std::vector<ValidTaps> taps;
  std::vector<std::int32_t> of;
};

Classes classes_of(std::int64_t count, std::int64_t stride, std::int64_t pad, std::int64_t dilation,
                   std::int64_t kernel, std::int64_t size) {
  Classes out;
  for (std::int64_t i = 0; i < count; ++i) {
    const ValidTaps taps = valid_taps(i * stride - pad, dilation, kernel, size);
    const auto found = std::find(out.taps.begin(), out.taps.end(), taps);
    out.of.push_back(static_cast<std::int32_t>(found - out.taps.begin()));
    if (found == out.taps.end()) out.taps.push_back(taps);
  }
  return out;
}

/// sums[ky][kx] = sum of the weights of one output channel over taps (less than ky, less than kx).
std::vector<std::int32_t> prefix_sums(const ConvShape& shape, const std::int8_t* codes) {
  const std::int64_t columns = shape.kernel_w + 1;
  std::vector<std::int32_t> sums(static_cast<std::size_t>((shape.kernel_h + 1) * columns));
  const auto at = [&](std::int64_t ky, std::int64_t kx) -> std::int32_t& {
    return sums[static_cast<std::size_t>(ky * columns + kx)];
  };
  for (std::int64_t ky = 0; ky < shape.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < shape.kernel_w; ++kx) {
      std::int32_t tap = 0;
      for (std::int64_t c = 0; c < shape.ic; ++c) tap += codes[(c * shape.kernel_h + ky) * shape.kernel_w + kx];
      at(ky + 1, kx + 1) = at(ky, kx + 1) + at(ky + 1, kx) - at(ky, kx) + tap;
    }
  return sums;
}

/// A start for every class of pixels: source.zero times the weights of the taps inside, twice them where sums are
/// halved. Adds to out.start.
void add_zero_products(const ConvShape& shape, const std::int8_t* codes, std::int64_t padded, BitSerialWeights& out) {
  const BitSource& source = out.source;
  if (source.zero == 0) return;
  Classes rows{{{0, shape.kernel_h}}, {}}, columns{{{0, shape.kernel_w}}, {}};
  if (shape.pad_h != 0 || shape.pad_w != 0) {
    rows = classes_of(shape.out_h, shape.stride_h, shape.pad_h, shape.dilation_h, shape.kernel_h, source.h);
    columns = classes_of(shape.out_w, shape.stride_w, shape.pad_w, shape.dilation_w, shape.kernel_w, source.w);
    for (auto& row : rows.of) row *= static_cast<std::int32_t>(columns.taps.size());
    out.row_class = rows.of, out.column_class = columns.of;
  }
  const std::vector<std::int32_t> before = out.start;
  out.start.clear();
  for (std::size_t i = 0; i < rows.taps.size() * columns.taps.size(); ++i)
    out.start.insert(out.start.end(), before.begin(), before.end());
  const std::int32_t factor = source.zero * (out.kind == BitWeights::binary ? 1 : 2);
  for (std::int64_t o = 0; o < shape.oc; ++o) {
    const std::vector<std::int32_t> sums = prefix_sums(shape, codes + o * shape.ic * shape.taps());
    const auto at = [&](std::int64_t ky, std::int64_t kx) {
      return sums[static_cast<std::size_t>(ky * (shape.kernel_w + 1) + kx)];
    };
    std::int32_t* start = out.start.data() + o;
    for (const auto& v : rows.taps)
      for (const auto& h : columns.taps) {
        *start += factor * (at(v.end, h.end) - at(v.first, h.end) - at(v.end, h.first) + at(v.first, h.first));
        start += padded;
      }
  }
}

}  // namespace

BitChains chains_of(const ConvShape& shape) {
  const std::int64_t ic_words = (shape.ic + 63) / 64;
  return shape.taps() == 1 ? BitChains{1, ic_words} : BitChains{ic_words, shape.taps()};
}

BitSerialWeights pack_bit_serial_conv(const ConvShape& shape, BitWeights kind, const std::int8_t* codes,
                                      const BitSource& source) {
  check(shape, source);
  const std::int64_t ic_words = (shape.ic + 63) / 64, words = shape.taps() * ic_words;
  const std::int64_t blocks = (shape.oc + bit_block - 1) / bit_block, padded = blocks * bit_block;
  const BitChains chains = chains_of(shape);
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
    for (std::int64_t c = 0; c < shape.ic; ++c)
      for (std::int64_t tap = 0; tap < shape.taps(); ++tap) {
        const std::int8_t code = codes[(o * shape.ic + c) * shape.taps() + tap];
        const unsigned bits = bits_of(kind, code);
        for (unsigned q = 0; q < 2; ++q)
          planes[q][static_cast<std::size_t>(shape.taps() == 1 ? c / 64 : c / 64 * shape.taps() + tap)] |=
              std::uint64_t{bits >> q & 1} << (c % 64);
      }
    std::int32_t start = 0;
    for (std::int64_t q = 0; q < num_planes; ++q) {
      for (const std::uint64_t word : planes[q]) start += factors[q] * std::popcount(word);
      place_plane(planes[q], chains.links, position_of(o % bit_block),
                  packed + (o / bit_block * num_planes + q) * words * bit_block);
    }
    out.start[static_cast<std::size_t>(o)] = source.step * start * ((1 << source.planes) - 1);
  }
  add_zero_products(shape, codes, padded, out);
  return out;
}

}  // namespace tern::kernels
