// The registry of weight quantizers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"
#include "compress/quantize/affine.hpp"
#include "compress/quantize/granularity.hpp"
#include "compress/quantize/rounding_gradient.hpp"
#include "learn/weight_quantizer.hpp"

namespace tern::compress {

/// What a weight quantizer may be told. Methods read what their MethodInfo lists and refuse nothing else silently:
/// make_quantizer() compares.
struct QuantizerOptions {
  int bits = 8;
  RoundingGradient gradient = RoundingGradient::ewgs;
  Granularity granularity = {};        ///< "per"
  std::string calibrator = "minmax";   ///< where a scale is computed and not learned
  ScaleKind scale = ScaleKind::real;
  Rounding rounding = Rounding::half_even;
  std::optional<bool> narrow = {};     ///< unset: as the method's paper has it
  std::map<std::string, std::string> extra = {};  ///< parameters of one method alone, by the names in its MethodInfo
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

/// Errors: ErrorKind::usage for an unknown name, bits outside the method's range, an option that differs from its
/// default and that the method does not take; ErrorKind::bad_data for weights that are NaN or infinite.
std::shared_ptr<learn::WeightQuantizer> make_quantizer(std::string_view name, const QuantizerOptions& options,
                                                       const at::Tensor& weight);

/// Refuses what make_quantizer() would refuse of the options alone.
void check_quantizer_options(const QuantizerRow& row, const QuantizerOptions& options);

/// "lsq:w=2,gradient=ste,per=channel": what differs from the defaults, width and gradient always.
std::string quantizer_spec(std::string_view name, const QuantizerOptions& options);

/// The inverse of quantizer_spec(); used when a checkpoint is read. Errors: ErrorKind::bad_data for text that is none.
std::shared_ptr<learn::WeightQuantizer> make_quantizer_from_spec(std::string_view spec, const at::Tensor& weight);

/// Rows of MethodInfo::parameters that several methods share: w, gradient, per.
ParameterInfo bits_parameter(int min_bits, int max_bits);
ParameterInfo gradient_parameter();
ParameterInfo granularity_parameter();

}  // namespace tern::compress
