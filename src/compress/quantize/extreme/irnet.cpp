#include "compress/quantize/extreme/irnet.hpp"

#include <algorithm>
#include <cmath>

#include "compress/quantize/extreme/named_quantizer.hpp"
#include "compress/quantize/extreme/straight_through.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

class Irnet : public NamedQuantizer {
 public:
  explicit Irnet(const QuantizerOptions& options) : NamedQuantizer("irnet", options) {}

  at::Tensor quantize(const at::Tensor& weight) override {
    const at::Tensor v = normalised(weight), scale = scale_of(v);
    const double t = std::pow(10.0, -1 + 2 * progress_), k = std::max(1 / t, 1.0);
    const at::Tensor slope = (1 - (v.detach() * t).tanh().square()) * (k * t);
    return straight_through(v, signs(v) * scale, slope * scale).reshape(weight.sizes());
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    const at::Tensor v = normalised(weight);
    return {signs(v).reshape(weight.sizes()), scale_of(v).flatten(), {}};
  }

  void set_progress(double progress) override { progress_ = progress; }

 private:
  /// [oc, n]; zero where the weight is.
  static at::Tensor normalised(const at::Tensor& weight) {
    const at::Tensor rows = weight.reshape({weight.size(0), -1}), kept = rows.detach().ne(0).to(at::kFloat);
    const at::Tensor count = kept.sum(1, true);
    const at::Tensor centred = (rows - rows.sum(1, true) / count.clamp_min(1)) * kept;
    const at::Tensor variance = centred.square().sum(1, true) / (count - 1).clamp_min(1);
    return centred / variance.clamp_min(smallest_scale * smallest_scale).sqrt();
  }
  static at::Tensor scale_of(const at::Tensor& v) {
    return mean_magnitude(v.detach()).clamp_min(smallest_scale).log2().round().exp2();
  }
  static at::Tensor signs(const at::Tensor& v) { return v.detach().ge(0).to(at::kFloat).mul_(2).sub_(1); }

  double progress_ = 0;
};

}  // namespace

MethodInfo irnet_info() {
  return {"irnet", "the sign of a balanced weight, sharpening gradient", "Qin et al. 2020, IR-Net", {bits_parameter(1, 1)}};
}

std::shared_ptr<learn::WeightQuantizer> make_irnet(const QuantizerOptions& options, const at::Tensor& /*weight*/) {
  return std::make_shared<Irnet>(options);
}

}  // namespace tern::compress
