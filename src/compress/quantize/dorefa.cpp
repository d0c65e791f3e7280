#include "compress/quantize/dorefa.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "compress/quantize/uniform_activation.hpp"
#include "compress/quantize/uniform_weight.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

class Dorefa : public UniformWeight {
 public:
  Dorefa(std::string name, const QuantizerOptions& options, const at::Tensor& weight)
      : UniformWeight(std::move(name), options, true) {
    magnitude_ = weight.abs().max().to(at::kFloat).clamp_min(smallest_scale * static_cast<double>(codes().high));
  }

  at::Tensor quantize(const at::Tensor& weight) override { return UniformWeight::quantize(squashed(weight)); }
  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    return UniformWeight::integers(squashed(weight));
  }
  std::map<std::string, at::Tensor> tensors() override { return {{"magnitude", magnitude_}}; }

 protected:
  at::Tensor scale_of(const at::Tensor&) const override { return magnitude_ / static_cast<double>(codes().high); }

 private:
  at::Tensor squashed(const at::Tensor& weight) const {
    const at::Tensor t = weight.tanh();
    return t * (magnitude_ / t.detach().abs().max().clamp_min(smallest_scale));
  }

  at::Tensor magnitude_;
};

class DorefaActivation : public UniformActivation {
 public:
  explicit DorefaActivation(const ActivationOptions& options) : UniformActivation("dorefa", options) {
    scale_ = at::full({}, 1.0 / static_cast<double>(std::max<std::int64_t>(1, codes().high)),
                      at::TensorOptions(at::kFloat));
  }

  at::Tensor quantize(const at::Tensor& x) override { return fake_quantize(x, scale_, rule()); }
  learn::AffineRange affine() const override { return {scale_.item<float>(), 0}; }
  std::map<std::string, at::Tensor> tensors() override { return {}; }

 private:
  at::Tensor scale_;
};

const char* const source = "Zhou et al. 2016, DoReFa-Net";

}  // namespace

MethodInfo dorefa_info() {
  return {"dorefa", "uniform, after tanh", source, {bits_parameter(2, 16), gradient_parameter()}};
}

MethodInfo pact_weight_info() {
  return {"pact", "weights as dorefa; the difference is in the activations", "Choi et al. 2018, PACT",
          dorefa_info().parameters};
}

std::shared_ptr<learn::WeightQuantizer> make_dorefa(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<Dorefa>("dorefa", options, weight);
}

std::shared_ptr<learn::WeightQuantizer> make_pact_weight(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<Dorefa>("pact", options, weight);
}

MethodInfo dorefa_activation_info() {
  return {"dorefa", "uniform between 0 and 1", source, activation_parameters()};
}

std::shared_ptr<learn::ActivationQuantizer> make_dorefa_activation(const ActivationOptions& options,
                                                                   CalibratedRange /*range*/) {
  return std::make_shared<DorefaActivation>(options);
}

}  // namespace tern::compress
