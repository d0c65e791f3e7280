#include "compress/quantize/quantizer.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "compress/quantize/affine_weight.hpp"
#include "compress/quantize/dorefa.hpp"
#include "compress/quantize/duq.hpp"
#include "compress/quantize/extreme/a2q.hpp"
#include "compress/quantize/extreme/apot.hpp"
#include "compress/quantize/extreme/binary.hpp"
#include "compress/quantize/extreme/irnet.hpp"
#include "compress/quantize/extreme/kmeans.hpp"
#include "compress/quantize/extreme/pq.hpp"
#include "compress/quantize/extreme/ttq.hpp"
#include "compress/quantize/extreme/twn.hpp"
#include "compress/quantize/learned_interval.hpp"
#include "compress/quantize/lsq.hpp"
#include "compress/quantize/noise.hpp"
#include "compress/quantize/sawb.hpp"
#include "compress/quantize/spec_text.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

bool takes(const QuantizerRow& row, std::string_view parameter) {
  return std::any_of(row.info.parameters.begin(), row.info.parameters.end(),
                     [&](const ParameterInfo& entry) { return entry.name == parameter; });
}

/// Options of add_noise(), which every method takes.
bool is_noise(std::string_view key) { return key == "noise" || key == "stochastic"; }

/// Takes them out of `options`. Errors: ErrorKind::usage for a share that is no number.
NoiseOptions take_noise(QuantizerOptions& options) {
  NoiseOptions noise;
  if (const auto share = options.extra.extract("noise")) {
    char* end = nullptr;
    noise.share = std::strtod(share.mapped().c_str(), &end);
    if (share.mapped().empty() || *end != '\0') fail(ErrorKind::usage, "quantizer", "noise: '{}' is no number", share.mapped());
  }
  if (const auto stochastic = options.extra.extract("stochastic")) noise.stochastic = stochastic.mapped() == "1";
  return noise;
}

/// The options that differ from their defaults, as text; width and gradient apart.
std::map<std::string, std::string> given(const QuantizerOptions& options) {
  const QuantizerOptions fallback;
  std::map<std::string, std::string> values = options.extra;
  if (!(options.granularity == fallback.granularity)) values["per"] = to_text(options.granularity);
  if (options.calibrator != fallback.calibrator) values["calibrator"] = options.calibrator;
  if (options.scale != fallback.scale) values["scale"] = name_of(options.scale);
  if (options.rounding != fallback.rounding) values["rounding"] = name_of(options.rounding);
  if (options.narrow) values["narrow"] = std::string(*options.narrow ? "1" : "0");
  return values;
}

}  // namespace

const std::vector<QuantizerRow>& quantizer_table() {
  static const std::vector<QuantizerRow> table{
      {affine_weight_info(), 2, 16, make_affine_weight},
      {lsq_info(), 2, 16, make_lsq},
      {lsq_plus_info(), 2, 16, make_lsq_plus},
      {dorefa_info(), 2, 16, make_dorefa},
      {pact_weight_info(), 2, 16, make_pact_weight},
      {sawb_info(), 2, 8, make_sawb},
      {duq_info(), 2, 8, make_duq},
      {learned_interval_info(), 2, 16, make_learned_interval},
      {bnn_info(), 1, 1, make_bnn},
      {xnor_info(), 1, 1, make_xnor},
      {irnet_info(), 1, 1, make_irnet},
      {twn_info(), 2, 2, make_twn},
      {ttq_info(), 2, 2, make_ttq},
      {apot_info(), 2, 8, make_apot},
      {kmeans_info(), 1, 8, make_kmeans},
      {pq_info(), 1, 8, make_pq},
      {a2q_info(), 2, 8, make_a2q},
  };
  return table;
}

const QuantizerRow& find_quantizer(std::string_view name) {
  return find_method(quantizer_table(), "quantizer", name,
                     [](const QuantizerRow& row) -> const MethodInfo& { return row.info; });
}

void check_quantizer_options(const QuantizerRow& row, const QuantizerOptions& options) {
  const std::string place = fmt::format("quantizer '{}'", row.info.name);
  if (options.bits < row.min_bits || options.bits > row.max_bits)
    fail(ErrorKind::usage, place, "expected {} to {} bits, got {}", row.min_bits, row.max_bits, options.bits);
  for (const auto& [key, value] : given(options))
    if (!takes(row, key) && !is_noise(key)) fail(ErrorKind::usage, place, "it has no '{}' (got {}={})", key, key, value);
  if (takes(row, "calibrator")) check_weight_calibrator(options.calibrator);
}

std::shared_ptr<learn::WeightQuantizer> make_quantizer(std::string_view name, const QuantizerOptions& options,
                                                       const at::Tensor& weight) {
  const QuantizerRow& row = find_quantizer(name);
  check_quantizer_options(row, options);
  refuse_non_finite(weight, fmt::format("quantizer '{}'", name));
  QuantizerOptions own = options;
  const NoiseOptions noise = take_noise(own);
  return add_noise(row.make(own, weight.detach()), noise);
}

std::string quantizer_spec(std::string_view name, const QuantizerOptions& options) {
  std::string text = fmt::format("{}:w={},gradient={}", name, options.bits,
                                 options.gradient == RoundingGradient::ewgs ? "ewgs" : "ste");
  for (const auto& [key, value] : given(options)) text += fmt::format(",{}={}", key, value);
  return text;
}

std::shared_ptr<learn::WeightQuantizer> make_quantizer_from_spec(std::string_view spec, const at::Tensor& weight) {
  SpecText parsed = parse_spec(spec);
  QuantizerOptions options;
  options.bits = parsed.integer("w");
  options.gradient = find_rounding_gradient(parsed.text("gradient", "ewgs")).kind;
  options.granularity = parse_granularity(parsed.text("per", "tensor"));
  options.calibrator = parsed.text("calibrator", "minmax");
  options.scale = find_scale_kind(parsed.text("scale", "float"));
  options.rounding = find_rounding(parsed.text("rounding", "half-even")).rounding;
  if (parsed.values.count("narrow")) options.narrow = parsed.integer("narrow") != 0;
  for (const char* key : {"w", "gradient", "per", "calibrator", "scale", "rounding", "narrow"}) parsed.values.erase(key);
  options.extra = parsed.values;
  return make_quantizer(parsed.name, options, weight);
}

ParameterInfo bits_parameter(int min_bits, int max_bits) {
  return {"w", "int", "8", fmt::format("{}..{}", min_bits, max_bits), "bits a weight"};
}

ParameterInfo gradient_parameter() {
  return {"gradient", "string", "ewgs", "ste|ewgs", "what backward pretends about rounding"};
}

ParameterInfo granularity_parameter() {
  return {"per", "string", "tensor", "tensor|channel|group:N", "how many weights share a scale"};
}

}  // namespace tern::compress
