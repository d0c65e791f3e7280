// The registry of activation quantizers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "compress/quantize/affine.hpp"
#include "compress/quantize/calibrator.hpp"
#include "compress/quantize/rounding_gradient.hpp"
#include "learn/activation_quantizer.hpp"

namespace tern::compress {

struct ActivationOptions {
  int bits = 8;            ///< as the `quantize` node's
  bool is_signed = false;  ///< as the node's
  RoundingGradient gradient = RoundingGradient::ste;
};

struct ActivationQuantizerRow {
  MethodInfo info;
  int min_bits, max_bits;
  /// Starts at a calibrated range.
  std::shared_ptr<learn::ActivationQuantizer> (*make)(const ActivationOptions& options, CalibratedRange range);
};

/// All have one scale a tensor, since kernels multiply sums of integers by it.
const std::vector<ActivationQuantizerRow>& activation_quantizer_table();
/// Errors: ErrorKind::usage with the nearest known name.
const ActivationQuantizerRow& find_activation_quantizer(std::string_view name);

/// Errors: ErrorKind::usage for an unknown name or bits outside the method's range.
std::shared_ptr<learn::ActivationQuantizer> make_activation_quantizer(std::string_view name,
                                                                      const ActivationOptions& options,
                                                                      CalibratedRange range);

/// "lsq:a=4,signed=0,gradient=ste": written by ActivationQuantizer::spec(), read when a checkpoint is; its tensors are
/// filled in afterwards. Errors: ErrorKind::bad_data for text that is none.
std::string activation_spec(std::string_view name, const ActivationOptions& options);
std::shared_ptr<learn::ActivationQuantizer> make_activation_quantizer_from_spec(std::string_view spec);

/// Rows of MethodInfo::parameters: a, gradient.
std::vector<ParameterInfo> activation_parameters();

}  // namespace tern::compress
