// The smooth neuron (NeuronParameters::smooth): plain, in double, one column after another.
#pragma once

#include "kernels/kernel_table.hpp"

namespace tern::kernels {

/// Columns first .. last of the job; dst receives g(H - v_threshold).
void smooth_forward(const NeuronJob& job, std::int64_t first, std::int64_t last);

/// Columns first .. last; dst receives the gradient; sums ([channels + tile_columns], or null) are added to.
void smooth_backward(const NeuronJob& job, std::int64_t first, std::int64_t last, double* sum_grad, double* sum_grad_x);

}  // namespace tern::kernels
