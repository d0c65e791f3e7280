// A Net with trained tensors: the thing that training, compression and packing pass around.
//
// This folder gives every operation of a Net its meaning on libtorch, with autograd. It owns parameters, masks and the
// fused spiking kernels' gradients; it must not know how a network is trained, compressed or costed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "learn/activation_quantizer.hpp"
#include "learn/weight_gate.hpp"
#include "learn/weight_quantizer.hpp"
#include "net/net.hpp"

namespace tern::learn {

/// One tensor of a Model. Its effective value is mask * quantize(mask * gate(latent)).
struct Parameter {
  net::ParameterRole role = net::ParameterRole::weight;
  at::Tensor latent;  ///< float32, a leaf that requires gradients unless role is buffer
  at::Tensor mask;    ///< float32 of zeros and ones in the latent's shape; undefined: nothing is pruned
  /// Which latents receive gradients although they are masked; undefined: those of `mask`. All ones is the
  /// straight-through estimator of dynamic pruning (DPF, SR-STE). Latents outside it are held at zero.
  at::Tensor backward_mask;
  std::shared_ptr<WeightGate> gate;            ///< null: none
  std::shared_ptr<WeightQuantizer> quantizer;  ///< null: full precision
  /// Tensors that a method keeps with the parameter (scores, values to rewind to): saved in checkpoints, not trained.
  std::map<std::string, at::Tensor> state;
  /// Stands in for the effective value where it is defined: gradients with respect to it are dense.
  at::Tensor override_value;

  /// Differentiable effective value in evaluation, or in training with the gate's draw of `seed`.
  at::Tensor effective(bool training = false, std::uint64_t seed = 0) const;
  /// mask * gate(latent) without gradients: what a quantizer sees.
  at::Tensor masked() const;
  /// Effective value as stored. Without a quantizer: the masked latent and scale 1.
  QuantizedWeight integers() const;
  /// The values of integers(): what evaluation and the packed model hold. Not differentiable.
  at::Tensor stored() const;
  int bits() const { return quantizer ? quantizer->bits() : 32; }
  /// Latents that training may move: backward_mask, else mask; undefined: all.
  const at::Tensor& trainable_mask() const { return backward_mask.defined() ? backward_mask : mask; }
};

class Model {
 public:
  /// Weights, their biases and vectors that score features (those of attention) uniform in +-1/sqrt(fan_in) (He et al.
  /// 2015 as torch's layers use it), biases of nodes without a weight 0, norms at gain 1 and shift 0; drawn from `seed` and
  /// each parameter's name: adding a layer does not change the others.
  Model(net::Net net, std::uint64_t seed);

  const net::Net& net() const { return net_; }
  /// By name "NODE.PARAMETER", in name order.
  std::map<std::string, Parameter>& parameters() { return parameters_; }
  const std::map<std::string, Parameter>& parameters() const { return parameters_; }
  Parameter& parameter(std::string_view node, std::string_view name);
  const Parameter& parameter(std::string_view node, std::string_view name) const;
  /// Names of the parameters of role weight, in Net order: what compression works on.
  std::vector<std::string> weight_names() const;

  /// Of `quantize` nodes, by node name; a node without one is affine with its stored scale and zero point.
  std::map<std::string, std::shared_ptr<ActivationQuantizer>>& activation_quantizers() { return activations_; }
  const std::map<std::string, std::shared_ptr<ActivationQuantizer>>& activation_quantizers() const {
    return activations_;
  }
  /// What the node computes in evaluation. REQUIRES: its operation is `quantize`.
  AffineRange affine_range(const net::Node& node) const;

  /// Deep copy: no tensor is shared. Quantizers and gates are copied by the caller's hands (null in the copy).
  Model clone_without_quantizers() const;

 private:
  net::Net net_;
  std::map<std::string, Parameter> parameters_;
  std::map<std::string, std::shared_ptr<ActivationQuantizer>> activations_;
};

}  // namespace tern::learn
