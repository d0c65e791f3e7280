#include "compress/quantize/quantizer.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "compress/quantize/duq.hpp"

namespace tern::compress {

const std::vector<QuantizerRow>& quantizer_table() {
  static const std::vector<QuantizerRow> table{
      {duq_info(), 2, 8, make_duq},
  };
  return table;
}

const QuantizerRow& find_quantizer(std::string_view name) {
  return find_method(quantizer_table(), "quantizer", name,
                     [](const QuantizerRow& row) -> const MethodInfo& { return row.info; });
}

std::shared_ptr<learn::WeightQuantizer> make_quantizer(std::string_view name, const QuantizerOptions& options,
                                                       const at::Tensor& weight) {
  const QuantizerRow& row = find_quantizer(name);
  if (options.bits < row.min_bits || options.bits > row.max_bits)
    fail(ErrorKind::usage, fmt::format("quantizer '{}'", name), "expected {} to {} bits, got {}", row.min_bits,
         row.max_bits, options.bits);
  return row.make(options, weight);
}

std::shared_ptr<learn::WeightQuantizer> make_quantizer_from_spec(std::string_view spec, const at::Tensor& weight) {
  const auto colon = spec.find(":w="), comma = spec.rfind(",gradient=");
  if (colon == std::string_view::npos || comma == std::string_view::npos || comma < colon)
    fail(ErrorKind::bad_data, "quantizer", "expected NAME:w=BITS,gradient=GRADIENT, got '{}'", spec);
  QuantizerOptions options;
  options.bits = std::atoi(std::string(spec.substr(colon + 3, comma - colon - 3)).c_str());
  options.gradient = find_rounding_gradient(spec.substr(comma + 10)).kind;
  return make_quantizer(spec.substr(0, colon), options, weight);
}

}  // namespace tern::compress
