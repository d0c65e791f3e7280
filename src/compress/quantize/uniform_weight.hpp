// What uniform weight quantizers have in common.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "compress/quantize/fake_quantize.hpp"
#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// codes = clamp(round(w / scale)), value = scale * code, with scales in scale_shape() of the weight. Methods say where
/// the scale comes from.
class UniformWeight : public learn::WeightQuantizer {
 public:
  UniformWeight(std::string name, const QuantizerOptions& options, bool narrow);

  std::string name() const override { return name_; }
  int bits() const override { return options_.bits; }
  at::Tensor quantize(const at::Tensor& weight) override;
  learn::QuantizedWeight integers(const at::Tensor& weight) const override;
  std::string spec() const override { return quantizer_spec(name_, options_); }

 protected:
  /// Scales for a weight: positive, differentiable where they are learned.
  virtual at::Tensor scale_of(const at::Tensor& weight) const = 0;
  /// Multiplies the gradient of a learned scale.
  virtual double scale_factor(const at::Tensor& /*weight*/) const { return 1; }

  const QuantizerOptions& options() const { return options_; }
  const CodeRange& codes() const { return codes_; }

 private:
  std::string name_;
  QuantizerOptions options_;
  CodeRange codes_;
};

}  // namespace tern::compress
