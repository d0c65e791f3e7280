// Second moments of what kernels read: the Hessian of a layer's squared output error.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "compress/samples.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// A block of a layer's weight seen as [oc, D], D = ic/groups * kh * kw, and what its columns read.
struct MomentBlock {
  std::int64_t row = 0, rows = 0;        ///< output channels of one convolution group
  std::int64_t column = 0, columns = 0;  ///< at most max_moment_columns
  at::Tensor hessian;  ///< float64 [columns, columns]: 2/N sum of x x^T over N inputs x, plus damping on the
                       ///< diagonal
};

/// Wider layers are cut into blocks of columns that are taken as independent.
constexpr std::int64_t max_moment_columns = 1024;

/// Blocks of each conv2d and linear weight in `names`, from the effective network in evaluation. The damping
/// is 1% of the mean diagonal (Frantar and Alistarh 2023, SparseGPT), so that inputs which are always zero
/// have an inverse too. Errors: ErrorKind::unsupported for the weight of any other operation.
std::map<std::string, std::vector<MomentBlock>> input_moments(learn::Model& model,
                                                              const std::vector<std::string>& names,
                                                              const Samples& samples);

}  // namespace tern::compress
