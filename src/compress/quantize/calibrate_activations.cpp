#include "compress/quantize/calibrate_activations.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "compress/input_values.hpp"
#include "compress/quantize/affine.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

bool are_codes(const Samples& samples, float scale, double low, double high) {
  for (const auto& batch : samples) {
    const at::Tensor codes = input_values(batch) * (1.0F / scale), rounded = codes.round();
    if ((codes - rounded).abs().max().item<double>() > 1e-3 || rounded.min().item<double>() < low ||
        rounded.max().item<double>() > high)
      return false;
  }
  return true;
}

}  // namespace

std::map<std::string, CalibratedRange> calibrate_activations(learn::Model& model,
                                                             const std::vector<ActivationSite>& sites,
                                                             const Samples& samples, std::string_view calibrator) {
  const CalibratorRow& row = find_calibrator(calibrator);
  std::map<std::string, std::unique_ptr<Calibrator>> calibrators;
  for (const auto& site : sites) calibrators[site.producer] = row.make();
  learn::ForwardOptions options;
  options.observer = [&](const net::Node& node, const at::Tensor& dst) {
    if (const auto found = calibrators.find(node.name); found != calibrators.end()) found->second->observe(dst);
  };
  const c10::NoGradGuard no_grad;
  for (const auto& batch : samples) run(model, batch, options);
  std::map<std::string, CalibratedRange> ranges;
  for (const auto& site : sites) ranges[site.producer] = calibrators.at(site.producer)->range(site.bits, site.is_signed);
  return ranges;
}

InputGrid find_input_grid(const Samples& samples, int bits) {
  double low = 0, high = 0;
  for (const auto& batch : samples) {
    const at::Tensor values = input_values(batch);
    refuse_non_finite(values, "calibration data");
    low = std::min(low, values.min().item<double>());
    high = std::max(high, values.max().item<double>());
  }
  const bool is_signed = low < 0;
  const CodeRange codes = code_range(bits, is_signed, false);
  for (const float scale : {1.0F, 1.0F / 255.0F})
    if (are_codes(samples, scale, static_cast<double>(codes.low), static_cast<double>(codes.high)))
      return {scale, is_signed};
  const double magnitude = std::max(-low, high);
  return {static_cast<float>(magnitude / static_cast<double>(std::max<std::int64_t>(1, codes.high))), is_signed};
}

}  // namespace tern::compress
