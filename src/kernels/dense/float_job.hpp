// float_conv of one instruction set. Private to the kernels; plain types only.
#pragma once

#include <cstdint>

#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

struct FloatJob {
  ConvShape shape;
  std::int64_t padded;   ///< output channels of the weights
  const float *start, *weights;
  const float* src;      ///< under the first tap of output (0, 0)
  const Epilogue& epilogue;
  std::int64_t first_row, last_row;
};

struct FloatKernels {
  void (*conv)(const FloatJob&);
  void (*depthwise)(const FloatJob&);
};

namespace float_scalar { extern const FloatKernels kernels; }
namespace float_avx2 { extern const FloatKernels kernels; }
namespace float_avx512 { extern const FloatKernels kernels; }

}  // namespace tern::kernels
