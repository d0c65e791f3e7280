// Randomness around any weight quantizer while it trains; evaluation and what is stored are the quantizer's own.
#pragma once

#include <memory>

#include "learn/weight_quantizer.hpp"

namespace tern::compress {

struct NoiseOptions {
  double share = 1.0;       ///< of the weights that are quantized in a training step, drawn anew each step, (0, 1]
  bool stochastic = false;  ///< rounds up with the probability of the fraction: E[q(w)] = w inside the range
};

/// share < 1 is QuantNoise (Fan et al. 2021, Training with Quantization Noise for Extreme Model Compression): the other
/// weights stay as they are, so that their gradients are exact. Stochastic rounding (Gupta et al. 2015) takes
/// the code floor(w / scale + u), u uniform in [0, 1); it needs a uniform quantizer whose code times scale is the value. Draws are functions of the phase's progress and the weight's size, so that a resumed run repeats them.
std::shared_ptr<learn::WeightQuantizer> add_noise(std::shared_ptr<learn::WeightQuantizer> quantizer,
                                                  const NoiseOptions& options);

}  // namespace tern::compress
