#include "compress/quantize/extreme/binary.hpp"

#include "compress/quantize/extreme/named_quantizer.hpp"
#include "compress/quantize/extreme/straight_through.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

class Bnn : public NamedQuantizer {
 public:
  explicit Bnn(const QuantizerOptions& options) : NamedQuantizer("bnn", options) {}

  at::Tensor quantize(const at::Tensor& weight) override { return clipped_sign(weight); }
  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    return {clipped_sign(weight), at::ones({}), {}};
  }
};

class Xnor : public NamedQuantizer {
 public:
  explicit Xnor(const QuantizerOptions& options) : NamedQuantizer("xnor", options) {}

  at::Tensor quantize(const at::Tensor& weight) override {
    const at::Tensor signs = clipped_sign(weight).reshape({weight.size(0), -1});
    return (signs * scale(weight)).reshape(weight.sizes());
  }
  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    return {clipped_sign(weight), scale(weight).flatten(), {}};
  }

 private:
  static at::Tensor scale(const at::Tensor& weight) {
    return mean_magnitude(weight.reshape({weight.size(0), -1})).clamp_min(smallest_scale);
  }
};

}  // namespace

MethodInfo bnn_info() {
  return {"bnn", "the sign of a weight, scale 1", "Courbariaux et al. 2016, Binarized Neural Networks",
          {bits_parameter(1, 1)}};
}

MethodInfo xnor_info() {
  return {"xnor", "the sign of a weight times its channel's mean magnitude", "Rastegari et al. 2016, XNOR-Net",
          {bits_parameter(1, 1)}};
}

std::shared_ptr<learn::WeightQuantizer> make_bnn(const QuantizerOptions& options, const at::Tensor& /*weight*/) {
  return std::make_shared<Bnn>(options);
}

std::shared_ptr<learn::WeightQuantizer> make_xnor(const QuantizerOptions& options, const at::Tensor& /*weight*/) {
  return std::make_shared<Xnor>(options);
}

}  // namespace tern::compress
