// Spiking neurons as one autograd node each: the fused kernels of kernels/neuron.hpp.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "kernels/neuron.hpp"
#include "net/op.hpp"

namespace tern::learn {

/// Kernel parameters of a resolved `if` or `lif` node; `smooth` as in kernels/neuron.hpp, for gradient checks.
kernels::NeuronParameters neuron_parameters(const net::Node& node);

/// Spikes of src [num_steps * n, ...], time outermost, float32, any dense memory order. Differentiable; saves src only
/// (which its producer keeps as a rule). On another device than the CPU: neuron_reference.
at::Tensor neuron(const at::Tensor& src, std::int64_t num_steps, const kernels::NeuronParameters& parameters);

}  // namespace tern::learn
