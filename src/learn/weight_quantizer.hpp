// What `learn` needs to know of a weight quantizer; the quantizers themselves live in compress/quantize.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

namespace tern::learn {

/// Integer form of a quantized weight: value = scale * codes.
struct QuantizedWeight {
  at::Tensor codes;  ///< float tensor of integers in [-(2^(bits-1)-1), 2^(bits-1)-1], the weight's shape
  float scale = 1.0F;
};

/// A quantizer with its trainable state, owned by one Parameter.
class WeightQuantizer {
 public:
  virtual ~WeightQuantizer() = default;
  /// Registry name ("duq") and width.
  virtual std::string name() const = 0;
  virtual int bits() const = 0;
  /// Quantized values, differentiable with respect to `weight` and tensors().
  virtual at::Tensor quantize(const at::Tensor& weight) = 0;
  /// The same values as integers and one scale; not differentiable. quantize(w) = scale * codes up to rounding.
  virtual QuantizedWeight integers(const at::Tensor& weight) const = 0;
  /// Trainable leaves by name, such as {"range", "scale"}: optimised with the weights and saved in checkpoints.
  virtual std::map<std::string, at::Tensor> tensors() = 0;
  /// Restores the invariants after an optimizer step (positive scales).
  virtual void project() {}
  /// Text from which make_quantizer() of `compress` builds an equal one (without its tensors): "duq:w=2,ewgs".
  virtual std::string spec() const = 0;
};

}  // namespace tern::learn
