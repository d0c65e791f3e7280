#include "compress/quantize/learned_interval.hpp"

#include "compress/quantize/uniform_weight.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

class LearnedInterval : public UniformWeight {
 public:
  LearnedInterval(const QuantizerOptions& options, const at::Tensor& weight)
      : UniformWeight("ewgs", options, true) {
    const at::Tensor rows = rows_of(weight, options.granularity), kept = rows.ne(0).sum(1).clamp_min(1);
    const at::Tensor sigma = (rows.square().sum(1) / kept).sqrt();
    range_ = floor_scale(at::minimum(3 * sigma, rows.abs().amax(1)))
                 .reshape(scale_shape(options.granularity, weight.sizes()))
                 .contiguous();
    range_.set_requires_grad(true);
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"range", range_}}; }

  void project() override {
    const c10::NoGradGuard no_grad;
    range_.clamp_min_(smallest_scale * static_cast<double>(codes().high));
  }

 protected:
  at::Tensor scale_of(const at::Tensor&) const override { return range_ / static_cast<double>(codes().high); }

 private:
  at::Tensor range_;
};

}  // namespace

MethodInfo learned_interval_info() {
  return {"ewgs", "uniform, trained interval: the quantizer of EWGS", "Lee et al. 2021, EWGS",
          {bits_parameter(2, 16), gradient_parameter(), granularity_parameter()}};
}

std::shared_ptr<learn::WeightQuantizer> make_learned_interval(const QuantizerOptions& options,
                                                              const at::Tensor& weight) {
  return std::make_shared<LearnedInterval>(options, weight);
}

}  // namespace tern::compress
