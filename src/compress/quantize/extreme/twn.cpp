#include "compress/quantize/extreme/twn.hpp"

#include "compress/quantize/extreme/named_quantizer.hpp"
#include "compress/quantize/extreme/straight_through.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double threshold_factor = 0.7;

class Twn : public NamedQuantizer {
 public:
  explicit Twn(const QuantizerOptions& options) : NamedQuantizer("twn", options) {}

  at::Tensor quantize(const at::Tensor& weight) override {
    return straight_through(weight, integers(weight).values(weight.sizes()));
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    const at::Tensor rows = rows_of(weight, options().granularity), magnitude = rows.abs();
    const at::Tensor above = magnitude.gt(mean_magnitude(rows) * threshold_factor);
    const at::Tensor alpha = mean_magnitude(magnitude * above).clamp_min_(smallest_scale);
    const at::Tensor codes = rows.sign().mul_(above);
    return {codes.reshape(weight.sizes()), alpha.reshape(scale_shape(options().granularity, weight.sizes())), {}};
  }
};

}  // namespace

MethodInfo twn_info() {
  return {"twn", "ternary, threshold 0.7 of the mean magnitude", "Li and Liu 2016, Ternary Weight Networks",
          {bits_parameter(2, 2), granularity_parameter()}};
}

std::shared_ptr<learn::WeightQuantizer> make_twn(const QuantizerOptions& options, const at::Tensor& /*weight*/) {
  return std::make_shared<Twn>(options);
}

}  // namespace tern::compress
