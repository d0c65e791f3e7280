// A spiking layer in one pass: event convolution, its epilogue, neurons over all steps, spikes as bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/event/event_conv.hpp"
#include "kernels/neuron.hpp"

namespace tern::kernels {

/// One image through all steps. Planes of a step are [h][w][words] with the strides given.
struct EventLayer {
  std::int64_t num_steps = 1;
  const std::uint64_t* src = nullptr;  ///< as in run_event_conv, of step 0; each step has its own border
  std::int64_t src_step = 0;           ///< words between steps
  std::uint64_t* dst = nullptr;        ///< element (0, 0) of step 0; (oc + 63) / 64 words a pixel are written
  std::int64_t dst_step = 0, dst_row = 0, dst_pixel = 0;  ///< words
  std::int64_t residual_step = 0;  ///< elements between steps of the epilogue's residual, floats or codes
  NeuronParameters neuron;
};

std::size_t event_layer_scratch_bytes(const ConvShape& shape, std::int64_t num_steps);

/// Spikes of output rows [first_row, last_row): those of run_event_conv for each step into floats,
/// neuron_forward over the steps and pack_spikes. The epilogue's own destinations must be null. Neither
/// allocates nor starts threads. Errors: ErrorKind::usage for a smooth neuron.
void run_event_layer(const ConvShape& shape, const EventConvWeights& weights, const EventLayer& layer,
                     const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch);

}  // namespace tern::kernels
