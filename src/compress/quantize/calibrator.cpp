#include "compress/quantize/calibrator.hpp"

#include "compress/quantize/calibrate/calibrators.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

const std::vector<CalibratorRow>& calibrator_table() {
  static const std::vector<CalibratorRow> table{
      {minmax_info(), make_minmax}, {ema_info(), make_ema}, {percentile_info(), make_percentile},
      {mse_info(), make_mse},       {kl_info(), make_kl},
  };
  return table;
}

const CalibratorRow& find_calibrator(std::string_view name) {
  return find_method(calibrator_table(), "calibrator", name,
                     [](const CalibratorRow& row) -> const MethodInfo& { return row.info; });
}

}  // namespace tern::compress
