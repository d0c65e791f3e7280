// AdaQuant: weights, their scale and the bias fitted to a layer's output.
#pragma once

#include "compress/posttrain/adaround.hpp"

namespace tern::compress {

struct AdaQuantOptions {
  int iterations = 500;
  double rate = 0.02;        ///< of Adam on weights, in units of their step
  double scale_rate = 1e-3;  ///< of Adam on the logarithm of the scale
};

/// For each of `weights` that has a grid, in Net order: minimises E|W x - V y - b|^2 with V = s * clamp(round(U)),
/// over U (started at W / s), s (one for the tensor, channel or group as the quantizer has it) and, where the layer
/// has one, the bias, whose best value has a closed form: E[W x] - E[V y]. Rounding passes gradients straight
/// through. The best codes met on the way are kept, the quantizer's own included: the error never grows.
/// Source: Hubara et al. 2020, Improving Post Training Neural Quantization: Layer-wise Calibration and Integer
/// Programming. Where we differ: all samples enter through second moments (see adaround.hpp); activation scales stay.
std::vector<LayerError> adaquant(learn::Model& model, const std::vector<std::string>& weights, const Samples& samples,
                                 const AdaQuantOptions& options);

}  // namespace tern::compress
