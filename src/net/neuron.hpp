// The algebra of spiking neurons: every form that a Net may name, reduced to one recurrence.
#pragma once

#include <string>

#include "net/op.hpp"

namespace tern::net {

/// Charge, fire, reset of IF and LIF neurons with input X, membrane V and spike S:
///
///   H[t] = decay * V[t-1] + gain * X[t] + offset        (V[-1] = v_rest)
///   S[t] = 1 if H[t] >= v_threshold else 0
///   V[t] = H[t] after reset: hard (v_reset where S), soft (H - v_threshold * S) or none
///
/// With `reset_delay` the reset of step t is applied to H[t+1] instead (snnTorch's order).
/// Forms of `lif` (tau in steps):
///   decay-input     H = V + (X - (V - v_reset)) / tau      decay 1-1/tau, gain 1/tau, offset v_reset/tau
///   no-decay-input  H = V - (V - v_reset) / tau + X        decay 1-1/tau, gain 1,     offset v_reset/tau
///   beta            H = beta V + X                          decay beta,    gain 1,     offset 0
///   beta-scaled     H = beta V + (1 - beta) X               decay beta,    gain 1-beta
/// `if` is decay 1, gain 1, offset 0.
/// Source: Fang et al. 2021, Incorporating Learnable Membrane Time Constant (charge, fire, reset); Eshraghian et al.
/// 2023, Training Spiking Neural Networks Using Lessons From Deep Learning (beta form, delayed reset).
struct NeuronDynamics {
  float decay = 1.0F;
  float gain = 1.0F;
  float offset = 0.0F;
  float v_rest = 0.0F;
  float v_threshold = 1.0F;
  float v_reset = 0.0F;
  std::string reset = "hard";  ///< "hard", "soft" or "none"
  bool reset_delay = false;
  bool detach_reset = true;    ///< backward treats S in the reset as a constant
  std::string surrogate = "atan";
  float surrogate_alpha = 0.0F;  ///< 0: the surrogate's default
};

/// Reads the attributes of a resolved `if` or `lif` node.
NeuronDynamics neuron_dynamics(const Node& node);

}  // namespace tern::net
