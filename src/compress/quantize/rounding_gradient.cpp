#include "compress/quantize/rounding_gradient.hpp"

namespace tern::compress {

const std::vector<RoundingGradientRow>& rounding_gradient_table() {
  static const std::vector<RoundingGradientRow> table{
      {{"ste", "straight-through: rounding is the identity in backward", "Bengio et al. 2013", {}},
       RoundingGradient::ste},
      {{"ewgs", "element-wise gradient scaling by the distance to the rounded value", "Lee et al. 2021", {}},
       RoundingGradient::ewgs},
  };
  return table;
}

const RoundingGradientRow& find_rounding_gradient(std::string_view name) {
  return find_method(rounding_gradient_table(), "rounding gradient", name,
                     [](const RoundingGradientRow& row) -> const MethodInfo& { return row.info; });
}

}  // namespace tern::compress
