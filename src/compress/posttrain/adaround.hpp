// AdaRound: learned rounding, layer by layer.
#pragma once

#include <string>
#include <vector>

#include "compress/posttrain/layer_moments.hpp"
#include "compress/posttrain/soft_rounding.hpp"

namespace tern::compress {

/// What a method did to one layer or block: mean squared output error against the float network, summed over
/// channels.
struct LayerError {
  std::string node;
  double before = 0, after = 0;
};

struct AdaRoundOptions {
  int iterations = 500;
  double rate = 0.02;   ///< of Adam
  double lambda = 1.0;  ///< of the regulariser, in units of the error that one step of one weight makes
};

/// Codes for one layer, up or down from each weight, that lower OutputError; never above that of grid.codes.
/// Adam on the rounding variables minimises
///   E|W x - V y|^2 / unit + lambda * sum(1 - |2 h - 1|^beta),   unit = mean of s^2 E[y_j^2];
/// afterwards single roundings are flipped while that lowers the error, from there and from nearest rounding, and the
/// better end is taken. `weight` in its own shape.
at::Tensor learn_rounding(const LayerMoments& moments, const net::OpContext& context, const at::Tensor& weight,
                          const WeightGrid& grid, const AdaRoundOptions& options);

/// learn_rounding() for each of `weights` that has a grid, in Net order: the inputs y are those of the network
/// quantized so far, the target W x is the float network's output before its activation.
/// Source: Nagel et al. 2020, Up or Down? Adaptive Rounding for Post-Training Quantization. Where we differ: the
/// error is quadratic in the weights, so that all samples enter through their second moments, once, and an iteration
/// costs no convolution (the activation function is left out of the objective for that); lambda is relative to the
/// layer's error scale; flips at the end.
std::vector<LayerError> adaround(learn::Model& model, const std::vector<std::string>& weights, const Samples& samples,
                                 const AdaRoundOptions& options);

}  // namespace tern::compress
