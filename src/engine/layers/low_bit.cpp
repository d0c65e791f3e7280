#include <algorithm>

#include "engine/layers/layer.hpp"
#include "kernels/bits/low_bit_linear.hpp"

namespace tern::engine::layers {
namespace {

/// 2 or 4, the fewest that hold all codes; 0: neither.
int bits_of(const LayerTask& task) {
  const auto [low, high] = std::minmax_element(task.weights.begin(), task.weights.end());
  if (*low >= -2 && *high <= 1) return 2;
  return *low >= -8 && *high <= 7 ? 4 : 0;
}

class LowBit final : public Layer {
 public:
  explicit LowBit(const LayerTask& task)
      : shape_(task.shape),
        weights_(kernels::pack_low_bit_linear(task.shape, bits_of(task), task.weights.data(), task.source_offset)) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void* scratch) const override {
    kernels::run_low_bit_linear(shape_, weights_, static_cast<const std::uint8_t*>(src), epilogue, first, last, scratch);
  }
  std::size_t scratch_bytes() const override { return kernels::low_bit_linear_scratch_bytes(shape_, weights_); }
  std::size_t weight_bytes() const override { return weights_.bytes(); }

 private:
  Facts spiking_facts() const override { return {shape_, 1}; }

  kernels::ConvShape shape_;
  kernels::LowBitWeights weights_;
};

bool suits(const LayerTask& task) {
  const kernels::ConvShape& s = task.shape;
  return task.source == Form::codes && s.groups == 1 && s.taps() == 1 && s.stride_h == 1 && s.stride_w == 1 &&
         s.pad_h == 0 && s.pad_w == 0 && s.out_w == 1 && s.ic <= 131072 && bits_of(task) != 0;
}

}  // namespace

const LayerKernel low_bit{"low-bit", suits, [](const LayerTask& task) -> std::unique_ptr<Layer> {
                            return std::make_unique<LowBit>(task);
                          }};

}  // namespace tern::engine::layers
