// What `learn` needs to know of an activation quantizer; the quantizers themselves live in compress/quantize.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

namespace tern::learn {

/// value = scale * (code - zero_point), code = clamp(round_half_even(x / scale) + zero_point, low, high): the operation
/// `quantize` of a Net.
struct AffineRange {
  float scale = 1.0F;
  std::int64_t zero_point = 0;
};

/// A trainable quantizer of one `quantize` node's input. Without one the node is affine with its stored scale.
class ActivationQuantizer {
 public:
  virtual ~ActivationQuantizer() = default;
  virtual std::string name() const = 0;
  /// Quantized values, differentiable with respect to `x` and tensors(): what training computes.
  virtual at::Tensor quantize(const at::Tensor& x) = 0;
  /// What evaluation, the packed model and the engine compute; equal to quantize() up to rounding.
  virtual AffineRange affine() const = 0;
  virtual std::map<std::string, at::Tensor> tensors() = 0;
  virtual void project() {}
  virtual at::Tensor penalty() { return {}; }
  virtual void set_progress(double) {}
  /// "pact:a=4": rebuilt by make_activation_quantizer_from_spec() of `compress`.
  virtual std::string spec() const = 0;
};

}  // namespace tern::learn
