// BRECQ and QDrop: learned rounding, block by block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/posttrain/adaround.hpp"

namespace tern::compress {

/// A stretch of the Net's nodes [first, last) that reads one value from before it and gives one: that of its last
/// node.
struct Block {
  std::size_t first = 0, last = 0;
};

/// The shortest stretches with at least one kernel each, in order, split where a single value is alive: a residual
/// block up to its sum and activation, or a kernel with its norm and activation. What stands between or behind them
/// (inputs, pools, neurons, readouts) may belong to none.
std::vector<Block> reconstruction_blocks(const net::Net& net);

struct ReconstructOptions {
  int iterations = 500;  ///< a block
  std::int64_t batch = 32;
  double rate = 0.05;    ///< of Adam
  double lambda = 0.1;   ///< of the regulariser, in units of the error that one step of one weight makes
  bool fisher = true;    ///< weighs each output by its squared gradient
  double drop = 0;       ///< probability, for each element, that an activation is not quantized
  std::uint64_t seed = 1;
};

/// Learns the rounding of all kernels of a block together: Adam on mean over samples and places of
///   sum over channels of f * (block(y) - target)^2, over the nearest rounding's error, + the regulariser of
/// soft_rounding.hpp. y: what the network quantized so far gives the block; target: the float network's value; f: the
/// squared gradient of -log p(class) with a class drawn from the float network's own p (the diagonal of its Fisher
/// information), divided by its mean. A block whose error would not fall keeps nearest rounding.
/// BRECQ: fisher. QDrop: fisher and drop = 0.5. Batches are fixed parts of `samples`, drawn in random order.
/// Sources: Li et al. 2021, BRECQ: Pushing the Limit of Post-Training Quantization by Block Reconstruction; Wei et
/// al. 2022, QDrop: Randomly Dropping Quantization for Extremely Low-bit Post-Training Quantization. Where we differ:
/// scales of activations stay as calibrated; Fisher's classes are drawn, not given; a network without skips has one
/// block a kernel.
std::vector<LayerError> reconstruct(learn::Model& model, const std::vector<std::string>& weights,
                                    const Samples& samples, const ReconstructOptions& options);

}  // namespace tern::compress
