// Bit planes: spikes as they are, codes of one or two bits turned into planes first.
#include <algorithm>
#include <cstring>

#include "engine/layers/layer.hpp"
#include "kernels/bits/bit_serial_conv.hpp"

namespace tern::engine::layers {
namespace {

using kernels::BitWeights;

/// The narrowest kind that holds all codes of the task; REQUIRES: they lie in -2 .. 1.
BitWeights kind_of(const LayerTask& task) {
  const auto has = [&](int code) { return std::find(task.weights.begin(), task.weights.end(), code) != task.weights.end(); };
  return has(-2) ? BitWeights::two_bit : has(0) ? BitWeights::ternary : BitWeights::binary;
}

kernels::BitSource source_of(const LayerTask& task) {
  kernels::BitSource source;
  if (task.source == Form::codes) {
    source.planes = task.source_largest > 1 ? 2 : 1;
    source.zero = -task.source_offset;
  }
  source.h = task.source_h;
  source.w = task.source_w;
  return source;
}

class BitSerial final : public Layer {
 public:
  explicit BitSerial(const LayerTask& task) : shape_(task.shape), codes_shape_(task.shape), is_codes_(task.source == Form::codes) {
    const kernels::BitSource source = source_of(task);
    if (is_codes_) {
      words_ = (shape_.ic + 63) / 64 * source.planes;
      shape_.src_pixel = words_;
      shape_.src_row = (source.w + 2 * shape_.pad_w) * words_;
    }
    weights_ = kernels::pack_bit_serial_conv(shape_, kind_of(task), task.weights.data(), source);
  }

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void* scratch) const override {
    const auto* bits = static_cast<const std::uint64_t*>(src);
    if (is_codes_) {
      auto* const planes = reinterpret_cast<std::uint64_t*>(static_cast<std::byte*>(scratch) + kernel_scratch());
      bits = make_planes(static_cast<const std::uint8_t*>(src), first, last, planes);
    }
    kernels::run_bit_serial_conv(shape_, weights_, bits, epilogue, first, last, scratch);
  }

  std::size_t scratch_bytes() const override {
    return kernel_scratch() + (is_codes_ ? static_cast<std::size_t>(padded_h() * shape_.src_row) * 8 + 64 : 0);
  }
  std::size_t weight_bytes() const override { return weights_.bytes(); }

 private:
  Facts spiking_facts() const override { return {codes_shape_, is_codes_ ? 1 : 8}; }

  std::size_t kernel_scratch() const { return (kernels::bit_serial_conv_scratch_bytes(shape_, weights_) + 63) / 64 * 64; }
  std::int64_t padded_h() const { return weights_.source.h + 2 * shape_.pad_h; }

  /// The rows that output rows [first, last) read, in a border of zeros; returns element (0, 0).
  const std::uint64_t* make_planes(const std::uint8_t* src, std::int64_t first, std::int64_t last, std::uint64_t* planes) const {
    const kernels::BitSource& source = weights_.source;
    const std::int64_t reach = (shape_.kernel_h - 1) * shape_.dilation_h + 1;
    const std::int64_t begin = std::max<std::int64_t>(0, first * shape_.stride_h - shape_.pad_h);
    const std::int64_t end = std::min(source.h, (last - 1) * shape_.stride_h - shape_.pad_h + reach);
    const std::int64_t side = shape_.pad_w * words_;
    std::uint64_t* const origin = planes + shape_.pad_h * shape_.src_row + side;
    const auto clear = [](std::uint64_t* words, std::int64_t count) { std::memset(words, 0, static_cast<std::size_t>(count) * 8); };
    if (first * shape_.stride_h < shape_.pad_h) clear(planes, shape_.pad_h * shape_.src_row);
    for (std::int64_t y = begin; y < end; ++y) {
      std::uint64_t* const row = origin + y * shape_.src_row;
      clear(row - side, side);
      kernels::pack_bit_planes(source.w, shape_.ic, src + y * codes_shape_.src_row, codes_shape_.src_pixel, source.planes, row, words_);
      clear(row + source.w * words_, side);
    }
    if (end == source.h) clear(origin + source.h * shape_.src_row - side, shape_.pad_h * shape_.src_row);
    return origin;
  }

  kernels::ConvShape shape_, codes_shape_;
  bool is_codes_;
  std::int64_t words_ = 0;  ///< of a pixel's planes
  kernels::BitSerialWeights weights_;
};

bool suits(const LayerTask& task) {
  if (task.shape.groups != 1 || (task.source == Form::codes && task.source_largest > 3)) return false;
  const auto [low, high] = std::minmax_element(task.weights.begin(), task.weights.end());
  return *low >= -2 && *high <= 1;
}

}  // namespace

const LayerKernel bit_serial{"bit-serial", suits, [](const LayerTask& task) -> std::unique_ptr<Layer> {
                               return std::make_unique<BitSerial>(task);
                             }};

}  // namespace tern::engine::layers
