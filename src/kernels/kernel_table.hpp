// The functions that each instruction set provides, and the work they are handed.
//
// Units compiled for an instruction set include this and no C++ library header: an inline library function compiled
// there could be the copy that the linker keeps for the whole program, and then run on a processor without the set.
#pragma once

#include <cstdint>

#include "kernels/dense_sum.hpp"
#include "kernels/neuron.hpp"
#include "kernels/pool.hpp"

namespace tern::kernels {

/// Columns of a neuron tile on every instruction set, so that sums over columns are grouped alike on all of them.
inline constexpr std::int64_t tile_columns = 64;

/// One call of neuron_forward or neuron_backward. `size` is the distance between steps. scale and shift are null
/// without the affine, else [channels + tile_columns], continued periodically, so that a tile reads them in one piece.
struct NeuronJob {
  NeuronParameters parameters;
  std::int64_t num_steps, size, channels;
  const float* x;
  const float* scale;
  const float* shift;
  const float* grad_spikes;
  float* dst;
  bool stream;  ///< dst is aligned and larger than the caches: write around them
};

/// Floats of scratch that one thread needs: six tiles (membrane, input of delayed reset, derivative, and the copies of
/// x, grad_spikes and dst of an incomplete tile).
constexpr std::int64_t neuron_scratch_floats(std::int64_t num_steps) { return 6 * num_steps * tile_columns; }

/// Pooling with the places of a window as distances from its first element. `overlap`: windows share places.
struct PoolJob {
  PoolShape shape;
  std::int64_t out_h, out_w;
  const std::int64_t* offsets;
  std::int64_t count;
  bool overlap;
};

/// Row functions take [rows, channels] with channels long enough to fill vectors (the caller folds rows into channels).
struct KernelTable {
  void (*neuron_forward)(const NeuronJob&, std::int64_t first_tile, std::int64_t last_tile, float* scratch);
  void (*affine)(std::int64_t rows, std::int64_t channels, const float* x, const float* a, const float* b, float* y);
  /// Output rows first .. last of n * out_h.
  void (*max_pool)(const PoolJob&, const float* x, float* y, std::uint8_t* index, std::int64_t first,
                   std::int64_t last);
  void (*avg_pool)(const PoolJob&, const float* x, float* y, std::int64_t first, std::int64_t last);
  /// Whole words of 64 elements.
  bool (*pack_words)(std::int64_t words, const float* x, std::uint64_t* bits);
  void (*unpack_words)(std::int64_t words, const std::uint64_t* bits, float* x);
  void (*dense_sums)(const DenseSum&, float* dst);
  void (*dense_sums_wide)(const DenseSum&, double* dst);
};

/// What only training calls: a table of its own, so that programs that run networks need not hold it.
struct TrainTable {
  /// sum_grad and sum_grad_x: [channels + tile_columns], added to; null without the affine.
  void (*neuron_backward)(const NeuronJob&, std::int64_t first_tile, std::int64_t last_tile, float* scratch,
                          double* sum_grad, double* sum_grad_x);
  void (*moments)(std::int64_t rows, std::int64_t channels, const float* x, const float* centre, double* sum,
                  double* sum_squares);
  void (*products)(std::int64_t rows, std::int64_t channels, const float* x, const float* y, double* sum_y,
                   double* sum_xy);
  /// z = a * y + b * x + d
  void (*affine2)(std::int64_t rows, std::int64_t channels, const float* y, const float* x, const float* a,
                  const float* b, const float* d, float* z);
  void (*max_pool_backward)(const PoolJob&, const float* grad_y, const std::uint8_t* index, float* grad_x,
                            std::int64_t first, std::int64_t last);
  void (*avg_pool_backward)(const PoolJob&, const float* grad_y, float* grad_x, std::int64_t first,
                            std::int64_t last);
};

namespace isa_scalar { extern const KernelTable table; extern const TrainTable train_table; }
namespace isa_avx2 { extern const KernelTable table; extern const TrainTable train_table; }
namespace isa_avx512 { extern const KernelTable table; extern const TrainTable train_table; }

/// The tables of current_isa().
const KernelTable& kernel_table();
const TrainTable& train_table();

}  // namespace tern::kernels
