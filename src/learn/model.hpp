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

#include "learn/weight_quantizer.hpp"
#include "net/net.hpp"

namespace tern::learn {

/// One tensor of a Model. Its effective value is quantize(mask * latent).
struct Parameter {
  net::ParameterRole role = net::ParameterRole::weight;
  at::Tensor latent;  ///< float32, a leaf that requires gradients unless role is buffer
  at::Tensor mask;    ///< float32 of zeros and ones in the latent's shape; undefined: nothing is pruned
  std::shared_ptr<WeightQuantizer> quantizer;  ///< null: full precision

  /// Differentiable effective value.
  at::Tensor effective() const;
  /// Effective value as integers and a scale. Without a quantizer: the masked latent and scale 1.
  QuantizedWeight integers() const;
  int bits() const { return quantizer ? quantizer->bits() : 32; }
};

class Model {
 public:
  /// Weights uniform in +-1/sqrt(fan_in) (He et al. 2015 as torch's layers use it), norms at gain 1 and shift 0,
  /// drawn from `seed` and each parameter's name: adding a layer does not change the others.
  Model(net::Net net, std::uint64_t seed);

  const net::Net& net() const { return net_; }
  /// By name "NODE.PARAMETER", in name order.
  std::map<std::string, Parameter>& parameters() { return parameters_; }
  const std::map<std::string, Parameter>& parameters() const { return parameters_; }
  Parameter& parameter(std::string_view node, std::string_view name);
  const Parameter& parameter(std::string_view node, std::string_view name) const;
  /// Names of the parameters of role weight, in Net order: what compression works on.
  std::vector<std::string> weight_names() const;

  /// Deep copy: no tensor is shared. Quantizers are copied by the caller's hands (null in the copy).
  Model clone_without_quantizers() const;

 private:
  net::Net net_;
  std::map<std::string, Parameter> parameters_;
};

}  // namespace tern::learn
