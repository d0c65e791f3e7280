#include "kernels/dense/dense_conv.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "kernels/dense/dense_job.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

/// Blocks of channels whose low-bit weights are unpacked together.
constexpr std::int64_t panel_blocks = 4;

struct Unit {
  RunDense* run;
  UnpackDense* unpack;
  RunFew* run_few;  // null where it has none
};

Unit unit() {
  static constexpr Unit scalar{&dense_scalar::run, &dense_scalar::unpack, nullptr};
#if defined(TERN_KERNELS_X86)
  static constexpr Unit avx2{&dense_avx2::run, &dense_avx2::unpack, nullptr};
  static constexpr Unit avx512{&dense_avx512::run, &dense_avx512::unpack, nullptr};
  static constexpr Unit vnni{&dense_vnni::run, &dense_vnni::unpack, &dense_vnni::run_few};
  return *for_isa<const Unit*>(&scalar, &avx2, &avx512, &vnni);
#elif defined(TERN_KERNELS_ARM)
  static constexpr Unit neon{&dense_neon::run, &dense_neon::unpack, nullptr};
  static constexpr Unit dotprod{&dense_dotprod::run, &dense_dotprod::unpack, nullptr};
  return *for_isa<const Unit*>(&scalar, &neon, &dotprod);
#else
  return scalar;
#endif
}

int fewest_bits(const std::int8_t* codes, std::int64_t count, bool whole_words) {
  std::int8_t low = 0, high = 0;
  bool signs = whole_words;
  for (std::int64_t i = 0; i < count; ++i) {
    low = std::min(low, codes[i]);
    high = std::max(high, codes[i]);
    signs = signs && (codes[i] == 1 || codes[i] == -1);
  }
  if (signs) return 1;
  if (low >= -2 && high <= 1) return 2;
  return low >= -8 && high <= 7 ? 4 : 8;
}

std::int64_t block_bytes(int bits, std::int64_t words) {
  const std::int64_t shared = 8 / bits;
  return (words + shared - 1) / shared * dense_word;
}

/// 1 bit: 1 and -1 become 1 and 0; more: the lowest code becomes 0.
int unsigned_code(int bits, int code) {
  return bits == 1 ? (code > 0 ? 1 : 0) : code + (1 << (bits - 1));
}

/// Puts weight i (of 64) of a word into its place.
void put(DenseWeights& weights, std::int64_t block, std::int64_t word, std::int64_t i, int code) {
  std::uint8_t* const data = weights.data.data() + block * block_bytes(weights.bits, weights.words);
  const std::int64_t shared = 8 / weights.bits;
  if (weights.bits == 8)
    data[word * dense_word + i] = static_cast<std::uint8_t>(code);
  else
    data[word / shared * dense_word + i] |= static_cast<std::uint8_t>(
        unsigned_code(weights.bits, code) << (weights.bits * static_cast<int>(word % shared)));
}

/// Runs of the shape, longest possible, at `runs`.
std::int64_t find_runs(const ConvShape& s, std::int64_t tap_words, DenseRun* runs) {
  const bool rows = s.src_pixel == 4 * tap_words && s.dilation_w == 1;
  const std::int64_t across = rows ? 1 : s.kernel_w;
  std::int64_t count = 0;
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < across; ++kx)
      runs[count++] = {ky * s.dilation_h * s.src_row + kx * s.dilation_w * s.src_pixel,
                       rows ? s.kernel_w * tap_words : tap_words};
  return count;
}

std::int64_t runs_bytes(const ConvShape& s) {
  return (s.taps() * static_cast<std::int64_t>(sizeof(DenseRun)) + 63) / 64 * 64;
}

DenseJob job_of(const ConvShape& s, std::int64_t tap_words, const std::uint8_t* src, DenseRun* runs) {
  DenseJob job{};
  job.src = src - s.pad_h * s.src_row - s.pad_w * s.src_pixel;
  job.step_y = s.stride_h * s.src_row;
  job.step_x = s.stride_w * s.src_pixel;
  job.out_w = s.out_w;
  job.runs = runs;
  job.num_runs = find_runs(s, tap_words, runs);
  job.words = s.taps() * tap_words;
  job.kernel_h = s.kernel_h;
  job.kernel_w = s.kernel_w;
  job.tap_words = tap_words;
  job.row_runs = job.num_runs / s.kernel_h;
  job.three_taps = s.kernel_w == 3 && s.dilation_w == s.stride_w;
  job.step_ky = s.dilation_h * s.src_row;
  job.stride_h = s.stride_h;
  job.dilation_h = s.dilation_h;
  job.last_src_row = std::numeric_limits<std::int64_t>::max();
  return job;
}

/// Rows of a border whose bytes are 0 add nothing. Where the source ends is known only if no row was left
/// over.
void exclude_border(const ConvShape& s, DenseJob& job) {
  job.first_src_row = s.pad_h;
  if (s.stride_h == 1) job.last_src_row = s.out_h + (s.kernel_h - 1) * s.dilation_h - s.pad_h;
}

/// Makes one row of a column, or of rows that follow each other without a gap in all planes: a row's tiles
/// are cheaper.
void straighten(const ConvShape& s, DenseJob& job, Epilogue& e) {
  const auto follows = [&](const auto& plane) {
    return plane.data == nullptr || plane.row == s.out_w * plane.pixel;
  };
  const bool rows_follow = job.step_y == s.out_w * job.step_x && follows(e.residual) &&
                           follows(e.residual_codes) && follows(e.floats) && follows(e.codes);
  if (s.out_h == 1 || (s.out_w > 1 && !rows_follow)) return;
  if (s.out_w == 1) {
    job.step_x = job.step_y;
    e.residual.pixel = e.residual.row;
    e.residual_codes.pixel = e.residual_codes.row;
    e.floats.pixel = e.floats.row;
    e.codes.pixel = e.codes.row;
  }
  job.out_w = s.out_w * s.out_h;
  job.three_taps = false;
  job.first_src_row = 0;
  job.last_src_row = std::numeric_limits<std::int64_t>::max();
}

}  // namespace

DenseWeights pack_dense(const ConvShape& shape, const std::int8_t* codes, std::int32_t offset) {
  const std::int64_t taps = shape.taps();
  if (shape.groups != 1)
    fail(ErrorKind::usage, "dense convolution", "expected 1 group, got {}", shape.groups);
  if (shape.ic < 1 || shape.oc < 1 || shape.kernel_h < 1 || shape.kernel_w < 1)
    fail(ErrorKind::usage, "dense convolution",
         "expected extents of at least 1, got weights [{}, {}, {}, {}]", shape.oc, shape.ic, shape.kernel_h,
         shape.kernel_w);
  if (offset < 0 || offset > 255)
    fail(ErrorKind::usage, "dense convolution", "expected an offset of 0 to 255, got {}", offset);
  const std::int64_t tap_words = (shape.ic + 3) / 4;
  DenseWeights weights;
  weights.offset = offset;
  weights.words = taps * tap_words;
  weights.bits = fewest_bits(codes, shape.oc * shape.ic * taps, shape.ic % 4 == 0);
  weights.blocks = (shape.oc + dense_channels - 1) / dense_channels;
  weights.data =
      AlignedBytes(static_cast<std::size_t>(weights.blocks * block_bytes(weights.bits, weights.words)));
  weights.initial.assign(static_cast<std::size_t>(weights.blocks * dense_channels), 0);
  for (std::int64_t o = 0; o < weights.blocks * dense_channels; ++o) {
    std::int64_t sum = 0, magnitudes = 0;
    for (std::int64_t c = 0; c < 4 * tap_words; ++c)
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const int code = o < shape.oc && c < shape.ic ? codes[(o * shape.ic + c) * taps + tap] : 0;
        put(weights, o / dense_channels, tap * tap_words + c / 4, o % dense_channels * 4 + c % 4, code);
        sum += code;
        magnitudes += std::abs(code);
      }
    if (magnitudes * 255 > std::numeric_limits<std::int32_t>::max())
      fail(ErrorKind::usage, "dense convolution",
           "sums of channel {} may leave 32 bits: its weights' magnitudes add up to {}", o, magnitudes);
    weights.initial[static_cast<std::size_t>(o)] = static_cast<std::int32_t>(-offset * sum);
  }
  return weights;
}

std::size_t dense_scratch_bytes(const ConvShape& shape, const DenseWeights& weights) {
  const std::int64_t panel =
      weights.bits < 8 ? std::min(panel_blocks, weights.blocks) * weights.words * dense_word : 0;
  return static_cast<std::size_t>(runs_bytes(shape) + panel);
}

void run_dense(const ConvShape& shape, const DenseWeights& weights, const std::uint8_t* src,
               const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch) {
  const std::int64_t tap_words = weights.words / shape.taps();
  if (shape.src_pixel % 4 != 0 || shape.src_pixel < shape.ic)
    fail(ErrorKind::usage, "dense convolution",
         "expected pixels of a multiple of 4 bytes that holds {} channels, got {}", shape.ic,
         shape.src_pixel);
  auto* const runs = static_cast<DenseRun*>(scratch);
  auto* const panel = static_cast<std::int8_t*>(scratch) + runs_bytes(shape);
  DenseJob job = job_of(shape, tap_words, src, runs);
  job.first_pixel = first_row * shape.out_w;
  job.last_pixel = last_row * shape.out_w;
  Epilogue straight = epilogue;
  job.epilogue = &straight;
  if (weights.offset == 0) exclude_border(shape, job);
  straighten(shape, job, straight);
  const Unit kernels = unit();
  const std::int64_t packed_bytes = block_bytes(weights.bits, weights.words);
  if (kernels.run_few != nullptr && job.num_runs == 1 && job.last_pixel - job.first_pixel <= few_pixels) {
    job.packed = weights.data.data();
    job.bits = weights.bits;
    job.packed_block = packed_bytes;
    job.blocks = weights.blocks;
    job.initial = weights.initial.data();
    return kernels.run_few(job);
  }
  const std::int64_t together = weights.bits == 8 ? weights.blocks : panel_blocks;
  for (std::int64_t first = 0; first < weights.blocks; first += together) {
    job.blocks = std::min(together, weights.blocks - first);
    job.first_channel = first * dense_channels;
    job.initial = weights.initial.data() + job.first_channel;
    const std::uint8_t* const packed = weights.data.data() + first * packed_bytes;
    job.weights = weights.bits == 8 ? reinterpret_cast<const std::int8_t*>(packed) : panel;
    if (weights.bits < 8)
      for (std::int64_t block = 0; block < job.blocks; ++block)
        kernels.unpack(weights.bits, weights.words, packed + block * packed_bytes,
                       panel + block * weights.words * dense_word);
    kernels.run(job);
  }
}

}  // namespace tern::kernels
