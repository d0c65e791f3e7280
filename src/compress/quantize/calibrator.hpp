// Calibrators: from observed values to the range that a quantizer should cover.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"

namespace tern::compress {

/// Values outside are clipped. `low` is 0 where nothing negative was seen.
struct CalibratedRange {
  double low = 0, high = 0;
};

/// Sees the values of one place in a network, batch after batch, in any order.
class Calibrator {
 public:
  virtual ~Calibrator() = default;
  /// Float32, any shape. Errors: ErrorKind::bad_data for NaN and infinities.
  virtual void observe(const at::Tensor& values) = 0;
  /// For codes of `bits`, signed or not: unsigned ranges are [0, high], signed ones [max(-t, min), min(t, max)] with one
  /// clip t for both sides (min and max as observed), so that symmetric quantizers take the larger magnitude.
  /// [0, 0] where nothing but zeros was seen.
  virtual CalibratedRange range(int bits, bool is_signed) const = 0;
};

struct CalibratorRow {
  MethodInfo info;
  std::unique_ptr<Calibrator> (*make)();
};

const std::vector<CalibratorRow>& calibrator_table();
/// Errors: ErrorKind::usage with the nearest known name.
const CalibratorRow& find_calibrator(std::string_view name);

}  // namespace tern::compress
