// Spiking neurons as a plain loop of torch operations: what runs on a GPU, and what the fused kernels are tested with.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "kernels/neuron.hpp"

namespace tern::learn {

/// The recurrence of kernels/neuron.hpp, step by step under autograd; src is [num_steps * n, ...], time outermost.
/// parameters.smooth is not served here: the kernels have it.
at::Tensor neuron_reference(const at::Tensor& src, std::int64_t num_steps, const kernels::NeuronParameters& parameters);

}  // namespace tern::learn
