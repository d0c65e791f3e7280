// Values with the gradients of something else.
#pragma once

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// `value`; backward hands the gradient to `weight` times `factor` (undefined: 1). Bit for bit `value`, which
/// weight + (value - weight) is not. All in one shape.
at::Tensor straight_through(const at::Tensor& weight, const at::Tensor& value, const at::Tensor& factor = {});

/// -1 below zero, 1 elsewhere; backward: the gradient where |w| <= 1, else 0.
/// Source: Courbariaux et al. 2016, Binarized Neural Networks, eq. 4.
at::Tensor clipped_sign(const at::Tensor& weight);

/// Mean |w| of each row [rows, 1] over its weights that are not zero: pruned ones do not count. Differentiable.
at::Tensor mean_magnitude(const at::Tensor& rows);

}  // namespace tern::compress
