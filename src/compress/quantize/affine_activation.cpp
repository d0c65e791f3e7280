#include "compress/quantize/affine_activation.hpp"

#include "compress/quantize/uniform_activation.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

class AffineActivation : public UniformActivation {
 public:
  AffineActivation(const ActivationOptions& options, CalibratedRange range) : UniformActivation("affine", options) {
    scale_ = at::full({}, start_scale(range), at::TensorOptions(at::kFloat));
  }

  at::Tensor quantize(const at::Tensor& x) override { return fake_quantize(x, scale_, rule()); }
  learn::AffineRange affine() const override { return {scale_.item<float>(), 0}; }
  std::map<std::string, at::Tensor> tensors() override { return {{"scale", scale_}}; }

 private:
  at::Tensor scale_;
};

}  // namespace

MethodInfo affine_activation_info() {
  return {"affine", "uniform, range fixed by calibration", "Jacob et al. 2018", activation_parameters()};
}

std::shared_ptr<learn::ActivationQuantizer> make_affine_activation(const ActivationOptions& options,
                                                                   CalibratedRange range) {
  return std::make_shared<AffineActivation>(options, range);
}

}  // namespace tern::compress
