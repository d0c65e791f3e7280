// Values from a table that is trained.
#pragma once

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// codebook[codes]: `codebook` [k] or [k, d], `codes` (integers in floats) [...]; result [...] or [..., d].
/// Backward: the gradient of an entry is the sum of its members' gradients (Han et al. 2016, Deep Compression, eq. 3),
/// summed in double. `keeps_zero`: entries that are exactly zero receive none, so that pruned weights stay zero.
at::Tensor codebook_lookup(const at::Tensor& codebook, const at::Tensor& codes, bool keeps_zero);

}  // namespace tern::compress
