#include <algorithm>

#include "engine/layers/packed_layer.hpp"
#include "kernels/bits/low_bit_linear.hpp"

namespace tern::engine::layers {
namespace {

/// 2 or 4, the fewest that hold all codes; 0: neither.
int bits_of(const LayerTask& task) {
  const auto [low, high] = std::minmax_element(task.weights.begin(), task.weights.end());
  if (*low >= -2 && *high <= 1) return 2;
  return *low >= -8 && *high <= 7 ? 4 : 0;
}

struct LowBit {
  using Source = std::uint8_t;
  using Weights = kernels::LowBitWeights;
  static Weights pack(const LayerTask& task) {
    return kernels::pack_low_bit_linear(task.shape, bits_of(task), task.weights.data(), task.source_offset);
  }
  static std::size_t scratch_bytes(const kernels::ConvShape& shape, const Weights& weights) {
    return kernels::low_bit_linear_scratch_bytes(shape, weights);
  }
  static void run(const kernels::ConvShape& shape, const Weights& weights, const std::uint8_t* src, const kernels::Epilogue& epilogue,
                  std::int64_t first, std::int64_t last, void* scratch) {
    kernels::run_low_bit_linear(shape, weights, src, epilogue, first, last, scratch);
  }
};

bool suits(const LayerTask& task) {
  const kernels::ConvShape& s = task.shape;
  return task.source == Form::codes && s.groups == 1 && s.taps() == 1 && s.stride_h == 1 && s.stride_w == 1 &&
         s.pad_h == 0 && s.pad_w == 0 && s.out_w == 1 && s.ic <= 131072 && bits_of(task) != 0;
}

}  // namespace

const LayerKernel low_bit{"low-bit", suits, make_layer<PackedLayer<LowBit>>};

}  // namespace tern::engine::layers
