// minmax and ema.
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "compress/quantize/calibrate/calibrators.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double ema_momentum = 0.9;

class RunningRange : public Calibrator {
 public:
  explicit RunningRange(bool averages) : averages_(averages) {}

  void observe(const at::Tensor& values) override {
    if (values.numel() == 0) return;
    const auto [min, max] = at::aminmax(values.detach());
    const double low = min.item<double>(), high = max.item<double>();
    if (!std::isfinite(low) || !std::isfinite(high))
      fail(ErrorKind::bad_data, "calibration", "an observed tensor holds NaN or infinity");
    if (is_first_) {
      low_ = low, high_ = high;
    } else if (averages_) {
      low_ = ema_momentum * low_ + (1 - ema_momentum) * low;
      high_ = ema_momentum * high_ + (1 - ema_momentum) * high;
    } else {
      low_ = std::min(low_, low), high_ = std::max(high_, high);
    }
    is_first_ = false;
  }

  CalibratedRange range(int /*bits*/, bool is_signed) const override {
    return {is_signed ? std::min(0.0, low_) : 0.0, std::max(0.0, high_)};
  }

 private:
  bool averages_, is_first_ = true;
  double low_ = 0, high_ = 0;
};

}  // namespace

MethodInfo minmax_info() { return {"minmax", "smallest and largest value seen", "Jacob et al. 2018", {}}; }
MethodInfo ema_info() { return {"ema", "moving average of each batch's extremes", "Jacob et al. 2018", {}}; }
std::unique_ptr<Calibrator> make_minmax() { return std::make_unique<RunningRange>(false); }
std::unique_ptr<Calibrator> make_ema() { return std::make_unique<RunningRange>(true); }

}  // namespace tern::compress
