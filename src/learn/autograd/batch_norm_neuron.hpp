// Batch normalisation alone, and fused with the neuron that reads it.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "kernels/neuron.hpp"

namespace tern::learn {

/// Tensors of one batch_norm node, each [channels]. `running_*` are updated in training.
struct NormTensors {
  at::Tensor gamma, beta, running_mean, running_var;
  double eps = 1e-5, momentum = 0.1;
};

/// gamma * (src - mean) / sqrt(var + eps) + beta, statistics over all but the channel dimension: of this batch in
/// training (running statistics move by `momentum`, with the unbiased variance, as torch does), running ones otherwise.
/// src is [rows, c] or [rows, c, h, w] in channels-last memory. Differentiable in training.
at::Tensor batch_norm(const at::Tensor& src, const NormTensors& norm, bool training);

/// Spikes of neurons driven by batch_norm(src): one pass forward, two backward, and nothing saved but src. The
/// normalised values never reach memory.
at::Tensor batch_norm_neuron(const at::Tensor& src, std::int64_t num_steps, const NormTensors& norm,
                             const kernels::NeuronParameters& parameters, bool training);

}  // namespace tern::learn
