#include "kernels/dense/float_conv.hpp"

#include "base/error.hpp"
#include "kernels/dense/float_job.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

const FloatKernels& float_kernels() {
#ifdef TERN_KERNELS_X86
  return *for_isa<const FloatKernels*>(&float_scalar::kernels, &float_avx2::kernels, &float_avx512::kernels, nullptr);
#else
  return float_scalar::kernels;
#endif
}

AlignedBytes floats(std::int64_t count) { return AlignedBytes(static_cast<std::size_t>(count) * sizeof(float)); }
float* values_of(AlignedBytes& bytes) { return reinterpret_cast<float*>(bytes.data()); }
const float* values_of(const AlignedBytes& bytes) { return reinterpret_cast<const float*>(bytes.data()); }

/// Channels of the block that begins at channel `first`.
std::int64_t block_at(std::int64_t first, std::int64_t padded) {
  const std::int64_t left = padded - first;
  return left >= 64 ? 64 : left >= 32 ? 32 : 16;
}

}  // namespace

bool suits_float_conv(const ConvShape& shape) {
  return shape.groups == 1 || (shape.groups == shape.ic && shape.groups == shape.oc);
}

FloatWeights pack_float_conv(const ConvShape& shape, const float* weights, const float* start) {
  if (!suits_float_conv(shape))
    fail(ErrorKind::unsupported, "float_conv", "expected one group or as many as channels, got {}", shape.groups);
  const std::int64_t taps = shape.taps(), ic = shape.group_ic();
  FloatWeights out;
  out.padded = (shape.oc + 15) / 16 * 16;
  out.start = floats(out.padded);
  out.data = floats(out.padded * taps * ic);
  for (std::int64_t o = 0; o < shape.oc && start != nullptr; ++o) values_of(out.start)[o] = start[o];
  const bool is_depthwise = shape.groups > 1;
  for (std::int64_t first = 0; first < out.padded;) {
    const std::int64_t width = is_depthwise ? out.padded : block_at(first, out.padded);
    float* const block = values_of(out.data) + first * taps * ic;
    for (std::int64_t o = first; o < first + width && o < shape.oc; ++o)
      for (std::int64_t i = 0; i < ic; ++i)
        for (std::int64_t tap = 0; tap < taps; ++tap)
          block[(tap * ic + i) * width + o - first] = weights[(o * ic + i) * taps + tap];
    first += width;
  }
  return out;
}

void run_float_conv(const ConvShape& shape, const FloatWeights& weights, const float* src, const Epilogue& epilogue,
                    std::int64_t first_row, std::int64_t last_row) {
  const FloatJob job{shape,
                     weights.padded,
                     values_of(weights.start),
                     values_of(weights.data),
                     src - shape.pad_h * shape.src_row - shape.pad_w * shape.src_pixel,
                     epilogue,
                     first_row,
                     last_row};
  shape.groups == 1 ? float_kernels().conv(job) : float_kernels().depthwise(job);
}

}  // namespace tern::kernels
