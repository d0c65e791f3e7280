// What `learn` needs to know of a weight quantizer; the quantizers themselves live in compress/quantize.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

namespace tern::learn {

/// A quantized weight as it is stored.
///
/// Uniform (codebook undefined): `codes` are integers in the weight's shape and value = scale * code. `scale` has shape
///   []       one for the tensor,
///   [oc]     one for each slice along dimension 0 (an output channel),
///   [oc, g]  one for each of g equal groups of the row-major elements of such a slice.
///   With 1 bit, codes are -1 and 1 (0 only where a mask says so); with b > 1 they lie in [-2^(b-1), 2^(b-1)-1].
/// Codebook [k]: codes are indices 0..k-1 in the weight's shape, value = codebook[code] * scale.
/// Codebook [k, d]: codes are indices of runs of d elements of the flattened weight, [numel / d]; value as above.
struct QuantizedWeight {
  at::Tensor codes;  ///< float tensor of integers
  at::Tensor scale;  ///< float32, positive
  at::Tensor codebook;

  /// The values, in `shape`: that of the weight.
  at::Tensor values(at::IntArrayRef shape) const;
  bool uniform() const { return !codebook.defined(); }
};

/// A quantizer with its trainable state, owned by one Parameter.
class WeightQuantizer {
 public:
  virtual ~WeightQuantizer() = default;
  /// Registry name ("duq") and width of a stored code, 1..16 (32: none, the values stay floats).
  virtual std::string name() const = 0;
  virtual int bits() const = 0;
  /// Quantized values, differentiable with respect to `weight` and tensors(). Zero maps to zero except with 1 bit.
  virtual at::Tensor quantize(const at::Tensor& weight) = 0;
  /// The same values as stored; not differentiable. integers(w).values() = quantize(w) up to rounding.
  virtual QuantizedWeight integers(const at::Tensor& weight) const = 0;
  /// Trainable leaves by name, such as {"range", "scale"}: optimised with the weights and saved in checkpoints. State
  /// that is not trained (requires_grad false) is saved too and left alone by the optimizer.
  virtual std::map<std::string, at::Tensor> tensors() = 0;
  /// Restores the invariants after an optimizer step (positive scales).
  virtual void project() {}
  /// Added to the loss; undefined: nothing.
  virtual at::Tensor penalty() { return {}; }
  /// Progress of the phase, 0..1, before each training step: for methods that anneal.
  virtual void set_progress(double) {}
  /// Text from which make_quantizer_from_spec() of `compress` builds an equal one (without its tensors):
  /// "duq:w=2,gradient=ewgs".
  virtual std::string spec() const = 0;
};

}  // namespace tern::learn
