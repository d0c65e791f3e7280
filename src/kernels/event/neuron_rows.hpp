// Spiking neurons behind a convolution: floats of a few pixels in, spikes as bits out.
#pragma once

#include <cstdint>

#include "kernels/neuron.hpp"

namespace tern::kernels {

/// Currents of `pixels` pixels over all steps and where their spikes go.
struct NeuronRows {
  std::int64_t num_steps = 0, pixels = 0, channels = 0;
  const float* src = nullptr;                ///< [num_steps][pixels][channels]
  std::int64_t src_step = 0, src_pixel = 0;  ///< floats between steps, between pixels
  std::uint64_t* dst = nullptr;              ///< [num_steps][pixels][(channels + 63) / 64]
  std::int64_t dst_step = 0, dst_pixel = 0;  ///< words between steps, between pixels
};

/// neuron_forward over the steps of each pixel and channel, then pack_spikes of each pixel: channel c is bit
/// c % 64 of word c / 64, bits behind `channels` are zero. The same bits as those two on every instruction
/// set. Neither allocates nor starts threads. Errors: ErrorKind::usage for `smooth`, whose outputs are no
/// spikes.
void neuron_rows(const NeuronParameters& parameters, const NeuronRows& rows);

}  // namespace tern::kernels
