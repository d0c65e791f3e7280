// The definition, one output after another: what every other kernel is tested against, and what runs where none suits.
#include <array>

#include "engine/layers/layer.hpp"

namespace tern::engine::layers {
namespace {

class Plain final : public Layer {
 public:
  explicit Plain(const LayerTask& task)
      : shape_(task.shape),
        is_bits_(task.source == Form::bits),
        offset_(is_bits_ ? 0 : task.source_offset),
        weights_(task.weights.begin(), task.weights.end()) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void*) const override {
    constexpr std::int64_t block = kernels::epilogue_block;
    for (std::int64_t y = first; y < last; ++y)
      for (std::int64_t x = 0; x < shape_.out_w; ++x)
        for (std::int64_t o = 0; o < shape_.oc; o += block) {
          std::array<std::int32_t, block> sums{};
          const std::int64_t width = std::min(block, shape_.oc - o);
          for (std::int64_t i = 0; i < width; ++i) sums[static_cast<std::size_t>(i)] = sum(src, y, x, o + i);
          kernels::finish(epilogue, sums.data(), block, y, x, 1, o, width);
        }
  }
  std::size_t weight_bytes() const override { return weights_.size(); }

 private:
  Facts spiking_facts() const override { return {shape_, is_bits_ ? 8 : 1}; }

  std::int32_t value(const void* src, std::int64_t y, std::int64_t x, std::int64_t c) const {
    const std::int64_t pixel = y * shape_.src_row + x * shape_.src_pixel;
    if (!is_bits_) return static_cast<const std::uint8_t*>(src)[pixel + c] - offset_;
    return static_cast<std::int32_t>(static_cast<const std::uint64_t*>(src)[pixel + c / 64] >> (c % 64) & 1U);
  }

  std::int32_t sum(const void* src, std::int64_t y, std::int64_t x, std::int64_t o) const {
    const kernels::ConvShape& s = shape_;
    const std::int8_t* w = weights_.data() + o * s.group_ic() * s.taps();
    const std::int64_t first = o / s.group_oc() * s.group_ic();
    std::int32_t result = 0;
    for (std::int64_t c = first; c < first + s.group_ic(); ++c)
      for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
        for (std::int64_t kx = 0; kx < s.kernel_w; ++kx)
          result += *w++ * value(src, y * s.stride_h - s.pad_h + ky * s.dilation_h,
                                 x * s.stride_w - s.pad_w + kx * s.dilation_w, c);
    return result;
  }

  kernels::ConvShape shape_;
  bool is_bits_;
  std::int32_t offset_;
  std::vector<std::int8_t> weights_;
};

}  // namespace

const LayerKernel plain{"plain", [](const LayerTask&) { return true; },
                        [](const LayerTask& task) -> std::unique_ptr<Layer> { return std::make_unique<Plain>(task); }};

}  // namespace tern::engine::layers
