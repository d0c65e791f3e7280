// One call of run_sparse_conv, and how its pixels are packed. Private to the sparse kernels.
#pragma once

#include <cstdint>

#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// Pixels in the widest vector, pixels summed together at most, and output channels stored together.
inline constexpr std::int64_t sparse_lanes = 16, sparse_tile = 10 * sparse_lanes, sparse_channels = 64;
/// The same of floats.
inline constexpr std::int64_t sparse_float_tile = 4 * sparse_lanes;

/// How a panel of output pixels is laid out. Pixels of the output count row by row, p = y * out_w + x. A
/// plane holds for every p the words under it at one column of the kernel and one phase of its rows; the
/// words of tap row kh are those of pixel p + kh / phases * row_step * out_w in plane kh % phases, so that
/// vectors run on across the ends of rows.
struct SparsePanel {
  std::int64_t phases;    ///< tap rows that are not a whole number of output rows apart; tap row kh is number
                          ///< kh / phases of its phase
  std::int64_t row_step;  ///< output rows from tap row kh to kh + phases
  std::int64_t rows;      ///< of the panel: phases * kernel_w * pixel_words
  std::int64_t halo;      ///< pixels behind the last one that taps reach
  std::int64_t band;      ///< output pixels packed at once, a multiple of sparse_lanes
  std::int64_t pitch;     ///< words between rows, at least band + halo
};

/// Parts of the scratch, each from a cache line on.
struct SparseScratch {
  std::uint32_t* table;       ///< [largest index + 1] of the scalar kernel: source of each index, in bytes
  std::int64_t* pixels;       ///< [pitch] source of each pixel of the band, in bytes from the first
  char* panel;                ///< [rows][pitch] words; of lanes: a pixel's words and a window of zeros
  std::int32_t* sums;         ///< [sparse_channels][sparse_tile]
  std::int32_t* partial;      ///< [oc][sparse_tile] sums of earlier blocks; of one block: nothing
  std::uint32_t* codes;       ///< [sparse_channels / 4][sparse_tile] words of four channels
  std::uint32_t* residual;    ///< the same of the residual's codes
  std::int64_t* dst_pixels;   ///< [sparse_tile] a tile's pixels in Epilogue::codes or floats
  std::int64_t* residual_pixels;  ///< the same in Epilogue::residual_codes
};

/// SparseLanes as pointers.
struct SparseLanesView {
  const std::uint32_t* start;
  const std::uint16_t* window;
  const std::uint8_t* index;
  const std::uint32_t* words;
};
/// Source words of a window, and channels of a step.
inline constexpr std::int64_t sparse_window = 32, sparse_step = 16;

struct SparseJob {
  const ConvShape& shape;
  const Epilogue& epilogue;
  const char* src;  ///< the corner of the border
  std::int64_t first_row, last_row;
  std::int64_t pixel_words;
  const std::uint32_t* words;
  const std::uint16_t* index;
  int row_bits;
  const std::uint32_t* start;
  std::int64_t blocks;
  const std::int32_t* initial;  ///< null: zeros
  float largest;                ///< no sum of int8 is larger in size
  SparseLanesView lanes;
  SparsePanel panel;
  SparseScratch scratch;
};

namespace sparse_scalar {
void conv_codes(const SparseJob& job);
void conv_floats(const SparseJob& job);
void lanes_codes(const SparseJob& job);
}  // namespace sparse_scalar
namespace sparse_avx2 {
void conv_codes(const SparseJob& job);
void conv_floats(const SparseJob& job);
}  // namespace sparse_avx2
namespace sparse_avx512 {
void conv_codes(const SparseJob& job);
void conv_floats(const SparseJob& job);
}  // namespace sparse_avx512
namespace sparse_neon {
void conv_codes(const SparseJob& job);
void conv_floats(const SparseJob& job);
}  // namespace sparse_neon
namespace sparse_dotprod {
void conv_codes(const SparseJob& job);
void conv_floats(const SparseJob& job);
}  // namespace sparse_dotprod
namespace sparse_vnni {
void conv_codes(const SparseJob& job);
void lanes_codes(const SparseJob& job);
}  // namespace sparse_vnni

}  // namespace tern::kernels
