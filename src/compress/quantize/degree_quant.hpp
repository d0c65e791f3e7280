// Activations of graph networks: nodes with many neighbours are protected while the others learn to live with few bits.
#pragma once

#include "compress/quantize/activation_quantizer.hpp"

namespace tern::compress {

/// x_hat = s * clamp(round(x / s), codes), s from percentiles of what training shows: the share `clipped` of the values
/// (0.001 from 8 bits on, 0.01 below) lies beyond the range at each end; s moves by a tenth of the way each step.
/// In a training step every node keeps full precision with a probability that grows with the rank of its in-degree,
/// 0 to 0.1 from 8 bits on and 0.1 to 0.2 below; sums over many neighbours are those that few bits hurt most.
/// Straight-through inside the range. Source: Tailor et al. 2021, Degree-Quant.
std::shared_ptr<learn::ActivationQuantizer> make_degree_quant(const ActivationOptions& options, CalibratedRange range);
MethodInfo degree_quant_info();

}  // namespace tern::compress
