// Between a Model and the packed form that the engine runs.
#pragma once

#include "learn/model.hpp"
#include "pack/model_file.hpp"

namespace tern::learn {

/// Every tensor of the Model as stored: quantized weights as codes, scales and codebook, the rest as floats,
/// masks applied; scale and zero point of `quantize` nodes from Model::affine_range.
/// Errors: ErrorKind::unsupported for what pack::check_tensor refuses: bits other than 1..16 and 32, scales that
/// are not positive, codes outside their bits.
pack::PackedModel to_packed(const Model& model);

/// A Model with the packed model's values, zeros of weights masked when `keep_zeros` is set. Uniform codes
/// get a FixedQuantizer, so that evaluation sums the same integers; codebooks become plain floats, which is
/// how they are evaluated anyway.
Model from_packed(const pack::PackedModel& packed, bool keep_zeros = false);

/// Rounds to integers times given scales that nothing trains: clamp(round(w / scale)) * scale, or its sign
/// with 1 bit.
class FixedQuantizer final : public WeightQuantizer {
 public:
  /// `scale`: [], [oc] or [oc, g], positive. 1 <= bits <= 16.
  FixedQuantizer(int bits, at::Tensor scale);
  std::string name() const override { return "fixed"; }
  int bits() const override { return bits_; }
  at::Tensor quantize(const at::Tensor& weight) override;
  QuantizedWeight integers(const at::Tensor& weight) const override;
  std::map<std::string, at::Tensor> tensors() override { return {{"scale", scale_}}; }
  std::string spec() const override;

 private:
  int bits_;
  at::Tensor scale_;
};

}  // namespace tern::learn
