// Ternary weights with two trained values.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// q = Wp where w > Delta, -Wn where w < -Delta, else 0; Delta = 0.05 max |w|. Wp, Wn > 0 are trained and start at the
/// mean magnitudes of their weights. Stored as the codebook {-Wn, 0, Wp}.
/// Backward, g = dL/dq:  dL/dWp = sum of g above Delta, dL/dWn = -sum of g below -Delta,
///   dL/dw = Wp g above, g between, Wn g below.
/// tensors(): positive, negative (0-d). project() keeps them at least `smallest_scale`.
/// Source: Zhu et al. 2017, Trained Ternary Quantization, eqs. 6 to 9. Where we differ: eq. 7 sums g for Wn as well,
/// whereas q falls as Wn grows; weights are not normalised to [-1, 1] first, so that Wp and Wn carry the layer's scale.
std::shared_ptr<learn::WeightQuantizer> make_ttq(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo ttq_info();

}  // namespace tern::compress
