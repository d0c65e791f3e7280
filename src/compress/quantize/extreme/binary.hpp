// One bit: the weight's sign.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// q = sign(w) with sign(0) = 1: codes -1 and 1, scale 1. Backward: dL/dw = dL/dq where |w| <= 1, else 0.
/// Source: Courbariaux et al. 2016, Binarized Neural Networks, eqs. 1 and 4. Where we differ: latent weights are not
/// clipped to [-1, 1] after a step; outside they receive no gradient, so that only momentum and decay move them.
std::shared_ptr<learn::WeightQuantizer> make_bnn(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo bnn_info();

/// q = alpha_c sign(w), alpha_c = mean |w| of output channel c over its n_c weights that are not zero: the alpha that
/// makes ||w - alpha sign(w)|| least. Codes -1 and 1, scale [oc].
/// Backward is the chain rule with sign's gradient clipped, g = dL/dq:
///   dL/dw_i = alpha_c g_i [|w_i| <= 1] + sign(w_i) / n_c * sum over c of g_j sign(w_j).
/// Source: Rastegari et al. 2016, XNOR-Net, section 3.1. Where we differ: the paper writes the second term as g_i / n_c,
/// which leaves out that alpha depends on all weights of the channel.
std::shared_ptr<learn::WeightQuantizer> make_xnor(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo xnor_info();

}  // namespace tern::compress
