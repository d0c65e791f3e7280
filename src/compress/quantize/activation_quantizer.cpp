#include "compress/quantize/activation_quantizer.hpp"

#include "base/error.hpp"
#include "compress/quantize/affine_activation.hpp"
#include "compress/quantize/degree_quant.hpp"
#include "compress/quantize/dorefa.hpp"
#include "compress/quantize/duq.hpp"
#include "compress/quantize/lsq.hpp"
#include "compress/quantize/pact.hpp"
#include "compress/quantize/spec_text.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

const std::vector<ActivationQuantizerRow>& activation_quantizer_table() {
  static const std::vector<ActivationQuantizerRow> table{
      {affine_activation_info(), 1, 16, make_affine_activation},
      {lsq_activation_info(), 1, 16, make_lsq_activation},
      {lsq_plus_activation_info(), 1, 16, make_lsq_plus_activation},
      {pact_info(), 1, 16, make_pact},
      {dorefa_activation_info(), 1, 16, make_dorefa_activation},
      {duq_activation_info(), 1, 16, make_duq_activation},
      {degree_quant_info(), 2, 16, make_degree_quant},
  };
  return table;
}

const ActivationQuantizerRow& find_activation_quantizer(std::string_view name) {
  return find_method(activation_quantizer_table(), "activation quantizer", name,
                     [](const ActivationQuantizerRow& row) -> const MethodInfo& { return row.info; });
}

std::shared_ptr<learn::ActivationQuantizer> make_activation_quantizer(std::string_view name,
                                                                      const ActivationOptions& options,
                                                                      CalibratedRange range) {
  const ActivationQuantizerRow& row = find_activation_quantizer(name);
  if (options.bits < row.min_bits || options.bits > row.max_bits)
    fail(ErrorKind::usage, fmt::format("activation quantizer '{}'", name), "expected {} to {} bits, got {}",
         row.min_bits, row.max_bits, options.bits);
  return row.make(options, range);
}

std::string activation_spec(std::string_view name, const ActivationOptions& options) {
  return fmt::format("{}:a={},signed={},gradient={}", name, options.bits, options.is_signed ? 1 : 0,
                     options.gradient == RoundingGradient::ewgs ? "ewgs" : "ste");
}

std::shared_ptr<learn::ActivationQuantizer> make_activation_quantizer_from_spec(std::string_view spec) {
  const SpecText parsed = parse_spec(spec);
  ActivationOptions options;
  options.bits = parsed.integer("a");
  options.is_signed = parsed.integer("signed") != 0;
  options.gradient = find_rounding_gradient(parsed.text("gradient", "ste")).kind;
  return make_activation_quantizer(parsed.name, options, {options.is_signed ? -1.0 : 0.0, 1.0});
}

std::vector<ParameterInfo> activation_parameters() {
  return {{"a", "int", "8", "1..16", "bits an activation"},
          {"gradient", "string", "ste", "ste|ewgs", "what backward pretends about rounding"}};
}

}  // namespace tern::compress
