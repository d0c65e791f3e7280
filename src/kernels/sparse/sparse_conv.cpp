#include "kernels/sparse/sparse_conv.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "base/error.hpp"
#include "kernels/isa.hpp"
#include "kernels/sparse/sparse_conv_impl.hpp"

namespace tern::kernels {
namespace {

/// Bytes of panel that stay in the second-level cache while weights stream through it.
constexpr std::int64_t panel_budget = 256 * 1024;
/// Bytes of panel that stay in the first-level cache, and the fewest words of a channel that are worth
/// storing and loading its sums for another block (measured).
constexpr std::int64_t block_budget = 36 * 1024, block_words = 8, block_floats = 12;

constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Tiles that are a part of a band leave most of each row alone: rows an odd number of cache lines apart then
/// spread over the sets of the first-level cache.
std::int64_t pitch_of(const SparsePanel& p) {
  if (p.band <= sparse_tile) return round_up(p.band + p.halo, 4);
  return ((p.band + p.halo + sparse_lanes - 1) / sparse_lanes | 1) * sparse_lanes;
}

/// The largest panel for so many output rows.
SparsePanel panel_of(const ConvShape& s, const SparseConvWeights& w, std::int64_t rows) {
  const std::int64_t tile = w.floats ? sparse_float_tile : sparse_tile;
  const std::int64_t divisor = std::gcd(s.stride_h, s.dilation_h);
  SparsePanel p{};
  p.phases = std::min(s.stride_h / divisor, s.kernel_h);
  p.row_step = s.dilation_h / divisor;
  p.rows = p.phases * s.kernel_w * w.pixel_words;
  p.halo = (s.kernel_h - 1) / p.phases * p.row_step * s.out_w;
  // Without a halo nothing is shared between tiles, and one alone fits the first-level cache.
  const std::int64_t fitting = p.halo == 0 ? 0 : panel_budget / (4 * p.rows) - p.halo;
  p.band = std::max(tile, fitting / tile * tile);
  p.band = std::min(p.band, round_up(rows * s.out_w, sparse_lanes));
  p.pitch = pitch_of(p);
  return p;
}

/// The same with bands of equal size.
SparsePanel balanced_panel(const ConvShape& s, const SparseConvWeights& w, std::int64_t rows) {
  SparsePanel p = panel_of(s, w, rows);
  const std::int64_t pixels = rows * s.out_w, bands = (pixels + p.band - 1) / p.band;
  p.band = round_up((pixels + bands - 1) / bands, sparse_lanes);
  p.pitch = pitch_of(p);
  return p;
}

/// Tap rows of one phase, and bits that hold a row of the panel.
std::int64_t tap_rows(const ConvShape& s, const SparsePanel& p) {
  return (s.kernel_h + p.phases - 1) / p.phases;
}
int row_bits_of(const SparsePanel& p) {
  return std::bit_width(static_cast<std::uint64_t>(p.rows - 1));
}

/// The parts of a scratch and its size in bytes.
std::size_t divide(const ConvShape& s, const SparsePanel& p, const SparseConvWeights& w, void* scratch,
                   SparseScratch* parts) {
  const std::int64_t pixel_words = w.pixel_words;
  std::uintptr_t at = round_up(static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(scratch)), 64);
  const auto take = [&](auto*& part, std::int64_t bytes) {
    part = reinterpret_cast<std::remove_reference_t<decltype(part)>>(at);
    at += static_cast<std::uintptr_t>(round_up(bytes, 64));
  };
  take(parts->table, (tap_rows(s, p) << row_bits_of(p)) * 4);
  take(parts->pixels, p.pitch * 8);
  take(parts->panel, std::max(p.rows * p.pitch, pixel_words + sparse_window) * 4);
  take(parts->sums, sparse_channels * sparse_tile * 4);
  take(parts->partial, w.blocks > 1 ? s.oc * sparse_tile * 4 : 0);
  take(parts->codes, sparse_channels * sparse_tile);
  take(parts->residual, sparse_channels * sparse_tile);
  take(parts->dst_pixels, sparse_tile * 8);
  take(parts->residual_pixels, sparse_tile * 8);
  return at - reinterpret_cast<std::uintptr_t>(scratch);
}

/// Indices that words of so many a pixel need.
std::int64_t indices(const ConvShape& s, std::int64_t pixel_words) {
  SparseConvWeights w;
  w.pixel_words = pixel_words;
  const SparsePanel p = panel_of(s, w, 1);
  return tap_rows(s, p) << row_bits_of(p);
}

void check(const ConvShape& s, std::int64_t pixel_words) {
  if (s.groups != 1) fail(ErrorKind::unsupported, "sparse_conv", "groups: expected 1, got {}", s.groups);
  if (indices(s, pixel_words) > 65536)
    fail(ErrorKind::unsupported, "sparse_conv", "words of an output channel: expected at most 65536, got {}",
         indices(s, pixel_words));
}

/// Keeps the words of word(o, tap, w) that are not zero.
template <class Word>
SparseConvWeights compress(const ConvShape& s, std::int64_t pixel_words, const Word& word) {
  SparseConvWeights out;
  out.pixel_words = pixel_words;
  out.start.push_back(0);
  const SparsePanel p = panel_of(s, out, 1);
  out.row_bits = row_bits_of(p);
  const auto index = [&](std::int64_t tap, std::int64_t w) {
    const std::int64_t y = tap / s.kernel_w, plane = y % p.phases * s.kernel_w + tap % s.kernel_w;
    return static_cast<std::uint16_t>(y / p.phases << out.row_bits | (plane * pixel_words + w));
  };
  for (std::int64_t o = 0; o < s.oc; ++o) {
    for (std::int64_t t = 0; t < s.taps(); ++t)
      for (std::int64_t w = 0; w < pixel_words; ++w)
        if (const std::uint32_t bits = word(o, t, w); bits != 0) {
          out.words.push_back(bits);
          out.index.push_back(index(t, w));
        }
    out.start.push_back(static_cast<std::uint32_t>(out.words.size()));
  }
  out.kept = static_cast<std::int64_t>(out.words.size());
  return out;
}

/// Orders words by block, where the rows of a tile outgrow the first-level cache.
void split(const ConvShape& s, SparseConvWeights& w) {
  const SparsePanel p = panel_of(s, w, s.out_h);
  const std::int64_t tile = std::min(w.floats ? sparse_float_tile : sparse_tile, p.band);
  const std::int64_t wanted = (p.rows * (tile + p.halo) * 4 + block_budget - 1) / block_budget;
  const std::int64_t blocks = std::min(wanted, w.kept / (s.oc * (w.floats ? block_floats : block_words)));
  if (blocks < 2) return;
  const auto block_of = [&](std::int64_t index) {
    return (index & ((std::int64_t{1} << w.row_bits) - 1)) * blocks / p.rows;
  };
  SparseConvWeights out;
  for (std::int64_t block = 0; block < blocks; ++block) {
    out.start.push_back(static_cast<std::uint32_t>(out.words.size()));
    for (std::int64_t o = 0; o < s.oc; ++o) {
      for (std::uint32_t i = w.start[o]; i < w.start[o + 1]; ++i)
        if (block_of(w.index[i]) == block) out.words.push_back(w.words[i]), out.index.push_back(w.index[i]);
      out.start.push_back(static_cast<std::uint32_t>(out.words.size()));
    }
  }
  w.blocks = blocks, w.words = std::move(out.words), w.index = std::move(out.index);
  w.start = std::move(out.start);
}

/// Words by steps. A step's window starts at the first word that any of its channels still lacks.
SparseLanes to_lanes(const SparseConvWeights& w, std::int64_t oc) {
  SparseLanes out;
  out.start.push_back(0);
  for (std::int64_t from = 0; from < oc; from += sparse_step) {
    const std::int64_t width = std::min(sparse_step, oc - from);
    std::vector<std::uint32_t> next(w.start.begin() + from, w.start.begin() + from + width);
    const auto lacks = [&](std::int64_t lane) { return next[lane] < w.start[from + lane + 1]; };
    for (;;) {
      std::int64_t window = -1;
      for (std::int64_t lane = 0; lane < width; ++lane)
        if (lacks(lane) && (window < 0 || w.index[next[lane]] < window)) window = w.index[next[lane]];
      if (window < 0) break;
      out.window.push_back(static_cast<std::uint16_t>(window));
      for (std::int64_t lane = 0; lane < sparse_step; ++lane) {
        const bool taken = lane < width && lacks(lane) && w.index[next[lane]] < window + sparse_window;
        out.index.push_back(taken ? static_cast<std::uint8_t>(w.index[next[lane]] - window) : 0);
        out.words.push_back(taken ? w.words[next[lane]++] : 0);
      }
    }
    out.start.push_back(static_cast<std::uint32_t>(out.window.size()));
  }
  return out;
}

/// The largest size of sum of weight * (byte - offset).
std::int64_t largest_sum(const std::int8_t* codes, std::int64_t count, std::int32_t offset) {
  std::int64_t low = 0, high = 0;
  for (const std::int8_t* code = codes; code < codes + count; ++code) {
    low += std::min(*code * (255 - offset), -*code * offset);
    high += std::max(*code * (255 - offset), -*code * offset);
  }
  return std::max(-low, high);
}

using Kernel = void (*)(const SparseJob&);

Kernel codes_kernel() {
#ifdef TERN_KERNELS_X86
  return for_isa<Kernel>(&sparse_scalar::conv_codes, &sparse_avx2::conv_codes, &sparse_avx512::conv_codes,
                         &sparse_vnni::conv_codes);
#elif defined(TERN_KERNELS_ARM)
  return for_isa<Kernel>(&sparse_scalar::conv_codes, &sparse_neon::conv_codes, &sparse_dotprod::conv_codes);
#else
  return &sparse_scalar::conv_codes;
#endif
}

Kernel lanes_kernel() {
#ifdef TERN_KERNELS_X86
  return for_isa<Kernel>(&sparse_scalar::lanes_codes, nullptr, nullptr, &sparse_vnni::lanes_codes);
#else
  return &sparse_scalar::lanes_codes;
#endif
}

Kernel floats_kernel() {
#ifdef TERN_KERNELS_X86
  return for_isa<Kernel>(&sparse_scalar::conv_floats, &sparse_avx2::conv_floats, &sparse_avx512::conv_floats,
                         nullptr);
#elif defined(TERN_KERNELS_ARM)
  return for_isa<Kernel>(&sparse_scalar::conv_floats, &sparse_neon::conv_floats, nullptr);
#else
  return &sparse_scalar::conv_floats;
#endif
}

void run(Kernel kernel, const ConvShape& s, const SparseConvWeights& w, const void* src,
         const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch) {
  if (first_row >= last_row) return;
  const std::int64_t corner = (s.pad_h * s.src_row + s.pad_w * s.src_pixel) * (w.floats ? 4 : 1);
  SparseJob job{s,
                epilogue,
                static_cast<const char*>(src) - corner,
                first_row,
                last_row,
                w.pixel_words,
                w.words.data(),
                w.index.data(),
                w.row_bits,
                w.start.data(),
                w.blocks,
                w.floats ? nullptr : w.initial.data(),
                static_cast<float>(w.largest),
                {w.lanes.start.data(), w.lanes.window.data(), w.lanes.index.data(), w.lanes.words.data()},
                balanced_panel(s, w, last_row - first_row),
                {}};
  divide(s, job.panel, w, scratch, &job.scratch);
  kernel(job);
}

}  // namespace

std::size_t SparseConvWeights::bytes() const {
  return words.size() * 4 + index.size() * 2 + start.size() * 4 + initial.size() * 4 +
         lanes.words.size() * 4 + lanes.index.size() + lanes.window.size() * 2 + lanes.start.size() * 4;
}

double SparseConvWeights::density(const ConvShape& shape) const {
  return static_cast<double>(kept) / static_cast<double>(shape.oc * shape.taps() * pixel_words);
}

bool fits_sparse_conv(const ConvShape& s) {
  return indices(s, (s.ic + 3) / 4) <= 65536;
}

SparseConvWeights pack_sparse_conv(const ConvShape& s, const std::int8_t* codes, std::int32_t offset) {
  const std::int64_t pixel_words = (s.ic + 3) / 4;
  check(s, pixel_words);
  if (offset < 0 || offset > 255)
    fail(ErrorKind::usage, "sparse_conv", "offset: expected 0 to 255, got {}", offset);
  if (s.src_pixel % 4 != 0 || s.src_pixel < s.ic)
    fail(ErrorKind::usage, "sparse_conv", "src_pixel: expected a multiple of 4 and at least {}, got {}", s.ic,
         s.src_pixel);
  const std::int64_t taps = s.taps();
  SparseConvWeights out = compress(s, pixel_words, [&](std::int64_t o, std::int64_t t, std::int64_t w) {
    std::int8_t four[4] = {};
    for (std::int64_t c = 4 * w; c < std::min(4 * w + 4, s.ic); ++c)
      four[c % 4] = codes[(o * s.ic + c) * taps + t];
    std::uint32_t bits = 0;
    std::memcpy(&bits, four, 4);
    return bits;
  });
  for (std::int64_t o = 0; o < s.oc; ++o) {
    const std::int8_t* const channel = codes + o * s.ic * taps;
    out.initial.push_back(-offset * std::accumulate(channel, channel + s.ic * taps, std::int32_t{0}));
    out.largest = std::max(out.largest, largest_sum(channel, s.ic * taps, offset));
  }
  if (taps == 1 && s.out_h * s.out_w <= sparse_lane_pixels) {
    out.lanes = to_lanes(out, s.oc);
    out.words = {}, out.index = {}, out.start = {};
  } else {
    split(s, out);
  }
  return out;
}

SparseConvWeights pack_sparse_conv(const ConvShape& s, const float* weight) {
  check(s, s.ic);
  SparseConvWeights out = compress(s, s.ic, [&](std::int64_t o, std::int64_t t, std::int64_t c) {
    const float value = weight[(o * s.ic + c) * s.taps() + t];
    std::uint32_t bits = 0;
    if (value != 0) std::memcpy(&bits, &value, 4);
    return bits;
  });
  out.floats = true;
  split(s, out);
  return out;
}

std::size_t sparse_conv_scratch_bytes(const ConvShape& shape, const SparseConvWeights& weights) {
  SparseScratch parts{};
  return 64 + divide(shape, panel_of(shape, weights, shape.out_h), weights, nullptr, &parts);
}

void run_sparse_conv(const ConvShape& shape, const SparseConvWeights& weights, const std::uint8_t* src,
                     const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch) {
  if (weights.floats)
    fail(ErrorKind::usage, "sparse_conv", "weights: expected int8 for a source of codes, got floats");
  const Kernel kernel = weights.lanes.start.empty() ? codes_kernel() : lanes_kernel();
  run(kernel, shape, weights, src, epilogue, first_row, last_row, scratch);
}

void run_sparse_conv(const ConvShape& shape, const SparseConvWeights& weights, const float* src,
                     const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch) {
  if (!weights.floats)
    fail(ErrorKind::usage, "sparse_conv", "weights: expected floats for a source of floats, got int8");
  run(floats_kernel(), shape, weights, src, epilogue, first_row, last_row, scratch);
}

}  // namespace tern::kernels
