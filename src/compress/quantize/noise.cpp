#include "compress/quantize/noise.hpp"

#include <bit>
#include <cstdint>
#include <utility>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

class NoisyQuantizer : public learn::WeightQuantizer {
 public:
  NoisyQuantizer(std::shared_ptr<learn::WeightQuantizer> inner, const NoiseOptions& options)
      : inner_(std::move(inner)), options_(options) {}

  std::string name() const override { return inner_->name(); }
  int bits() const override { return inner_->bits(); }

  at::Tensor quantize(const at::Tensor& weight) override {
    const std::uint64_t step = derive_seed(std::bit_cast<std::uint64_t>(progress_), static_cast<std::uint64_t>(weight.numel()));
    at::Tensor quantized = inner_->quantize(weight);
    if (options_.stochastic) quantized = quantized + steps_to_neighbours(weight.detach(), step);
    if (options_.share >= 1) return quantized;
    at::Generator generator = learn::make_generator(derive_seed(step, "share"));
    const at::Tensor chosen = at::empty(weight.sizes(), at::kFloat).bernoulli_(options_.share, generator);
    return at::where(chosen.to(at::kBool), quantized, weight);
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override { return inner_->integers(weight); }
  std::map<std::string, at::Tensor> tensors() override { return inner_->tensors(); }
  void project() override { inner_->project(); }
  at::Tensor penalty() override { return inner_->penalty(); }
  void set_progress(double progress) override {
    progress_ = progress;
    inner_->set_progress(progress);
  }
  std::string spec() const override {
    std::string text = inner_->spec();
    if (options_.share < 1) text += fmt::format(",noise={}", options_.share);
    if (options_.stochastic) text += ",stochastic=1";
    return text;
  }

 private:
  /// What takes each value from the nearest code to the one drawn: floor(w / scale + u), u uniform in [0, 1). Values
  /// outside the codes in use stay clipped.
  at::Tensor steps_to_neighbours(const at::Tensor& weight, std::uint64_t step) const {
    const c10::NoGradGuard no_grad;
    const learn::QuantizedWeight nearest = inner_->integers(weight);
    if (!nearest.uniform()) fail(ErrorKind::usage, name(), "stochastic rounding needs a uniform quantizer");
    learn::QuantizedWeight one{at::ones_like(weight), nearest.scale, {}};
    at::Generator generator = learn::make_generator(derive_seed(step, "rounding"));
    const at::Tensor position = weight / one.values(weight.sizes());
    const at::Tensor drawn = (position + at::empty(weight.sizes(), at::kFloat).uniform_(0, 1, generator)).floor();
    one.codes = drawn.clamp(nearest.codes.min().item<double>(), nearest.codes.max().item<double>()) - nearest.codes;
    one.codes = one.codes * (position - nearest.codes).abs().le(0.5 + 1e-4);
    return one.values(weight.sizes());
  }

  std::shared_ptr<learn::WeightQuantizer> inner_;
  NoiseOptions options_;
  double progress_ = 0;
};

}  // namespace

std::shared_ptr<learn::WeightQuantizer> add_noise(std::shared_ptr<learn::WeightQuantizer> quantizer,
                                                  const NoiseOptions& options) {
  if (!(options.share > 0 && options.share <= 1))
    fail(ErrorKind::usage, quantizer->name(), "noise: expected a share above 0 and at most 1, got {}", options.share);
  if (options.share == 1 && !options.stochastic) return quantizer;
  return std::make_shared<NoisyQuantizer>(std::move(quantizer), options);
}

}  // namespace tern::compress
