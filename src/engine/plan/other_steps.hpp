// Steps around the kernels: the caller's input and output, changes of form, pools, neurons, and every other node on
// floats.
#pragma once

#include <memory>

#include "engine/operation.hpp"
#include "engine/plan/kernel_step.hpp"
#include "engine/plan/step.hpp"
#include "kernels/neuron.hpp"
#include "kernels/pool.hpp"

namespace tern::engine {

/// Floats of the caller, in the Net's order, to floats or codes, channels last.
std::unique_ptr<Step> make_input_step(std::size_t floats);
std::unique_ptr<Step> make_input_step(std::size_t codes, const CodeGrid& grid);

/// Zeros and ones to bits; anything else to the floats, and RunState::input_is_spikes tells which.
std::unique_ptr<Step> make_spike_input_step(std::size_t bits, std::size_t floats);

/// The last node's floats to the caller, in the Net's order.
std::unique_ptr<Step> make_output_step(net::TensorType type, std::size_t floats);

std::unique_ptr<Step> make_quantize_step(std::size_t floats, std::size_t codes, const CodeGrid& grid);
/// Codes or bits to floats.
std::unique_ptr<Step> make_to_floats_step(std::size_t source, std::size_t floats);

/// Largest code of each window; on bits: any.
std::unique_ptr<Step> make_max_pool_step(const kernels::PoolShape& shape, std::size_t source, std::size_t dst);

/// Floats [num_steps][places][channels] to spikes.
std::unique_ptr<Step> make_neuron_step(const kernels::NeuronParameters& parameters, std::size_t floats, std::size_t bits);

/// Any node of the Net on floats, dense.
std::unique_ptr<Step> make_operation_step(std::unique_ptr<Operation> operation, std::vector<std::size_t> sources,
                                          std::size_t dst);

}  // namespace tern::engine
