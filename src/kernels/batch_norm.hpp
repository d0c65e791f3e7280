// Batch normalisation of channels-last tensors, cut into the pieces that fuse with a neuron.
//
// Training forward:  batch_norm_statistics -> fold_batch_norm -> affine_forward (or affine_neuron_forward).
// Training backward: affine_neuron_backward (or batch_norm_backward_sums) -> batch_norm_backward_input.
// Every x is [rows, channels] row-major: rows are all steps, samples and places. Results are the same on every
// instruction set; those that sum over rows depend on the number of threads.
// Source: Ioffe and Szegedy 2015, "Batch Normalization", algorithm 1 and section 3.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// mean[c] and var[c] (biased: divided by rows) over the rows, each [channels], summed in double about the first row.
/// Errors: ErrorKind::usage when rows < 1.
void batch_norm_statistics(std::int64_t rows, std::int64_t channels, const float* x, float* mean, float* var);

/// scale = gamma / sqrt(var + eps), shift = beta - mean * scale, inv_std = 1 / sqrt(var + eps), in float, this order;
/// all [channels]. Training and the engine both fold with this function, so that they agree bit for bit.
/// gamma and beta may be null: 1 and 0. inv_std may be null: not wanted.
void fold_batch_norm(std::int64_t channels, const float* gamma, const float* beta, const float* mean,
                     const float* var, float eps, float* scale, float* shift, float* inv_std = nullptr);

/// y = scale[c] * x + shift[c]. y may be x.
void affine_forward(std::int64_t rows, std::int64_t channels, const float* x, const float* scale, const float* shift,
                    float* y);

/// First pass of backward where no neuron does it: sum_grad[c] = sum of grad_y, sum_grad_x[c] = sum of grad_y * x.
/// These are also grad_beta and, as (sum_grad_x - mean * sum_grad) * inv_std, grad_gamma.
void batch_norm_backward_sums(std::int64_t rows, std::int64_t channels, const float* x, const float* grad_y,
                              float* sum_grad, float* sum_grad_x);

/// Second pass, with statistics taken over these rows: with k = (sum_grad_x - mean * sum_grad) * inv_std^2 / rows,
///   grad_x = gamma * inv_std * (grad_y - sum_grad / rows - (x - mean) * k)
/// gamma may be null: 1. grad_x may be grad_y. (With frozen statistics grad_x = scale * grad_y: affine_forward.)
void batch_norm_backward_input(std::int64_t rows, std::int64_t channels, const float* x, const float* grad_y,
                               const float* mean, const float* inv_std, const float* gamma, const float* sum_grad,
                               const float* sum_grad_x, float* grad_x);

}  // namespace tern::kernels
