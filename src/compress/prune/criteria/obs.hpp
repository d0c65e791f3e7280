// Optimal brain surgeon on a layer's squared output error.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// Best values of a row's kept weights for its error (w' - w)^T H (w' - w) / 2, pruned ones zero:
/// w'_K = w_K + H_KK^-1 H_KP w_P. The sum of optimal brain surgeon's updates over all pruned weights P.
/// weight [D], mask [D] of zeros and ones, hessian float64 [D, D] positive definite. Returns [D] in weight's
/// type.
at::Tensor obs_update_row(const at::Tensor& weight, const at::Tensor& mask, const at::Tensor& hessian);

/// Zeroes `zeros` weights of a layer one by one, each time the one with the least w_q^2 / (2 [H^-1]_qq) among
/// all rows, moving the others of its row by -w_q / [H^-1]_qq * H^-1 e_q and taking q out of that row's H^-1.
/// weight [oc, D] with one hessian float64 [D, D] for all rows. Returns the new weight. Time oc * D^3, memory
/// D^2. Hassibi and Stork 1993, Second Order Derivatives for Network Pruning: Optimal Brain Surgeon;
/// rows as in Frantar and Alistarh 2022, Optimal Brain Compression.
at::Tensor obs_prune_layer(const at::Tensor& weight, const at::Tensor& hessian, std::int64_t zeros);

}  // namespace tern::compress
