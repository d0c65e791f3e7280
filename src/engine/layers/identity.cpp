// A sum or a relu without a kernel before it: codes go straight into the epilogue.
#include <algorithm>
#include <array>

#include "engine/layers/layer.hpp"

namespace tern::engine::layers {
namespace {

class Identity final : public Layer {
 public:
  explicit Identity(const LayerTask& task) : shape_(task.shape), offset_(task.source_offset) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void*) const override {
    constexpr std::int64_t most = 64;  // channels at a time, a multiple of the epilogue's block
    const std::int64_t pixels = std::max<std::int64_t>(1, most * 8 / std::min(most, shape_.oc));
    std::array<std::int32_t, most * 8> sums;
    for (std::int64_t y = first; y < last; ++y)
      for (std::int64_t x = 0; x < shape_.out_w; x += pixels)
        for (std::int64_t c = 0; c < shape_.oc; c += most) {
          const std::int64_t count = std::min(pixels, shape_.out_w - x), width = std::min(most, shape_.oc - c);
          const auto* codes = static_cast<const std::uint8_t*>(src) + y * shape_.src_row + x * shape_.src_pixel + c;
          std::int32_t* sum = sums.data();
          for (std::int64_t p = 0; p < count; ++p, codes += shape_.src_pixel, sum += width)
            for (std::int64_t i = 0; i < width; ++i) sum[i] = codes[i] - offset_;
          kernels::finish(epilogue, sums.data(), width, y, x, count, c, width);
        }
  }
  std::size_t weight_bytes() const override { return 0; }

 private:
  Facts spiking_facts() const override { return {shape_, 1}; }

  kernels::ConvShape shape_;
  std::int32_t offset_;
};

bool suits(const LayerTask& task) {
  const kernels::ConvShape& s = task.shape;
  return task.source == Form::codes && s.groups == s.ic && s.ic == s.oc && s.taps() == 1 && s.stride_h == 1 &&
         s.stride_w == 1 && s.pad_h == 0 && s.pad_w == 0 &&
         std::all_of(task.weights.begin(), task.weights.end(), [](std::int8_t w) { return w == 1; });
}

}  // namespace

const LayerKernel identity{"identity", suits, [](const LayerTask& task) -> std::unique_ptr<Layer> {
                             return std::make_unique<Identity>(task);
                           }};

}  // namespace tern::engine::layers
