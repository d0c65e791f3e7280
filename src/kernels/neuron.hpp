// Fused spiking neurons: charge, fire and reset over all steps in one pass, and their gradient.
//
// Every tensor is row-major with time outermost. A neuron is a column: the same place in every step. Columns are
// split into tiles that stay in the nearest cache for all steps, and tiles among threads (base/threads.hpp). All
// functions are safe to call from many threads; pointers must not overlap unless said. Nothing is saved by forward:
// backward computes the membranes again from x, which costs less than reading them back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/surrogate_kind.hpp"

namespace tern::kernels {

enum class Reset : std::uint8_t { hard, soft, none };

/// The recurrence of src/net/neuron.hpp, reduced to numbers. With X the input, H the membrane that may fire:
///
///   H[t] = decay * V[t-1] + (gain * X[t] + offset)     V[-1] = v_rest; rounded in exactly this order, never fused
///   S[t] = 1 if H[t] >= v_threshold else 0
///   V[t] = v_reset where S[t], else H[t]               hard
///   V[t] = H[t] - v_threshold * S[t]                   soft
///   V[t] = H[t]                                        none
///
/// With `reset_delay` the reset of step t acts on H[t+1] before it fires: H[t+1] = v_reset where S[t] (hard), or
/// decay * H[t] + (gain * X[t+1] + offset) - v_threshold * S[t] (soft); nothing acts on H[0].
///
/// Gradient: dS/dH = surrogate'(H - v_threshold). `detach_reset` treats the S inside the reset as a constant.
/// `smooth` emits the primitive g(H - v_threshold) as S, also inside the reset (hard: V = S v_reset + (1 - S) H), so
/// that with detach_reset = false the gradient is exact and finite differences can check it; it is slow.
/// Source: Fang et al. 2021, "Incorporating Learnable Membrane Time Constant"; Eshraghian et al. 2023, "Training
/// Spiking Neural Networks Using Lessons From Deep Learning" (delayed reset); Neftci et al. 2019, "Surrogate Gradient
/// Learning in Spiking Neural Networks" (backward).
struct NeuronParameters {
  float decay = 1.0F;
  float gain = 1.0F;
  float offset = 0.0F;
  float v_rest = 0.0F;
  float v_threshold = 1.0F;
  float v_reset = 0.0F;
  Reset reset = Reset::hard;
  bool reset_delay = false;
  bool detach_reset = true;
  SurrogateKind surrogate = SurrogateKind::atan;
  float surrogate_alpha = 2.0F;  ///< > 0
  bool smooth = false;
};

/// Spikes of `size` neurons: x and spikes are [num_steps, size]. Forward gives the same bits on every instruction set
/// and thread count. Errors: ErrorKind::usage for a negative extent or alpha <= 0.
void neuron_forward(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t size, const float* x,
                    float* spikes);

/// Part `part` of `parts` of neuron_forward, on this thread, in neuron_scratch_bytes(num_steps) of the caller, aligned to
/// 64. REQUIRES: num_steps >= 1, size >= 1, 0 <= part < parts.
void neuron_forward_part(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t size, const float* x,
                         float* spikes, std::int64_t part, std::int64_t parts, void* scratch);
std::size_t neuron_scratch_bytes(std::int64_t num_steps);

/// Gradient of neuron_forward: grad_x[t] = gain * dL/dH[t] for grad_spikes = dL/dS, by backpropagation through time.
/// All [num_steps, size]. grad_x may be grad_spikes. Reads x once, keeps nothing but a tile.
void neuron_backward(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t size, const float* x,
                     const float* grad_spikes, float* grad_x);

/// neuron_forward of current = scale[c] * x + shift[c], a folded batch normalisation (kernels/batch_norm.hpp).
/// x and spikes are [num_steps, rows, channels], scale and shift [channels].
void affine_neuron_forward(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t rows,
                           std::int64_t channels, const float* x, const float* scale, const float* shift,
                           float* spikes);

/// Gradient of affine_neuron_forward. grad_current [num_steps, rows, channels] receives dL/d current (not yet times
/// scale) and may be grad_spikes; sum_grad[c] = sum over steps and rows of it, sum_grad_x[c] = sum of it * x: all that
/// the gradient of a batch normalisation needs (batch_norm_backward_input). Sums run in float over the steps of one
/// neuron and in double over neurons, in an order that depends on the extents and the number of threads only.
void affine_neuron_backward(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t rows,
                            std::int64_t channels, const float* x, const float* scale, const float* shift,
                            const float* grad_spikes, float* grad_current, float* sum_grad, float* sum_grad_x);

}  // namespace tern::kernels
