// The registry of weight quantizers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"
#include "compress/quantize/rounding_gradient.hpp"
#include "learn/weight_quantizer.hpp"

namespace tern::compress {

struct QuantizerOptions {
  int bits = 8;
  RoundingGradient gradient = RoundingGradient::ewgs;
};

struct QuantizerRow {
  MethodInfo info;
  int min_bits, max_bits;
  /// Makes one for `weight` (its masked latent values), initialised from them.
  std::shared_ptr<learn::WeightQuantizer> (*make)(const QuantizerOptions& options, const at::Tensor& weight);
};

const std::vector<QuantizerRow>& quantizer_table();
/// Errors: ErrorKind::usage with the nearest known name.
const QuantizerRow& find_quantizer(std::string_view name);

/// Errors: ErrorKind::usage for an unknown name or bits outside the method's range.
std::shared_ptr<learn::WeightQuantizer> make_quantizer(std::string_view name, const QuantizerOptions& options,
                                                       const at::Tensor& weight);

/// "duq:w=2,ewgs", the inverse of WeightQuantizer::spec(); used when a checkpoint is read.
std::shared_ptr<learn::WeightQuantizer> make_quantizer_from_spec(std::string_view spec, const at::Tensor& weight);

}  // namespace tern::compress
