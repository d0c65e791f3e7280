#include "compress/quantize/extreme/a2q.hpp"

#include <cmath>
#include <cstdlib>

#include "base/error.hpp"
#include "compress/quantize/extreme/named_quantizer.hpp"
#include "compress/quantize/extreme/straight_through.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr const char* place = "quantizer 'a2q'";

int whole(const QuantizerOptions& options, const std::string& key, int fallback, int low, int high) {
  const auto found = options.extra.find(key);
  if (found == options.extra.end()) return fallback;
  char* end = nullptr;
  const long value = std::strtol(found->second.c_str(), &end, 10);
  if (found->second.empty() || *end != '\0' || value < low || value > high)
    fail(ErrorKind::usage, place, "expected {} in {}..{}, got '{}'", key, low, high, found->second);
  return static_cast<int>(value);
}

class A2q : public NamedQuantizer {
 public:
  A2q(const QuantizerOptions& options, const at::Tensor& weight)
      : NamedQuantizer("a2q", options), codes_(code_range(options.bits, true, true)),
        bound_(a2q_bound(whole(options, "acc", 16, 4, 32), whole(options, "acc_input", 8, 1, 16),
                         whole(options, "acc_signed", 0, 0, 1) == 1)) {
    if (bound_ < 1) fail(ErrorKind::usage, place, "the accumulator holds no weight but 0; give more bits than the input's");
    const at::Tensor largest = weight.reshape({weight.size(0), -1}).abs().amax(1);
    const at::Tensor scale = symmetric_grid(largest, codes_, ScaleKind::power_of_two).scale;
    // Truncation would leave nothing of a channel whose largest weight is below one step.
    scale_ = floor_scale(at::minimum(scale, largest.clamp_min(smallest_scale).log2().floor().exp2())).to(at::kFloat).clone();
  }

  at::Tensor quantize(const at::Tensor& weight) override {
    const at::Tensor u = limited(weight);
    return (straight_through(u, truncated(u)) * scale_.unsqueeze(1)).to(at::kFloat).reshape(weight.sizes());
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    return {truncated(limited(weight)).to(at::kFloat).reshape(weight.sizes()), scale_, {}};
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"scale", scale_}}; }

 private:
  /// [oc, n] in steps; in double, since a sum of floats may end above the bound.
  at::Tensor limited(const at::Tensor& weight) const {
    const at::Tensor u = weight.reshape({weight.size(0), -1}).to(at::kDouble) / scale_.unsqueeze(1);
    return u * (bound_ / u.abs().sum(1, true).clamp_min(bound_));
  }
  at::Tensor truncated(const at::Tensor& u) const {
    return u.detach().trunc().clamp_(static_cast<double>(codes_.low), static_cast<double>(codes_.high));
  }

  CodeRange codes_;
  double bound_;
  at::Tensor scale_;
};

}  // namespace

double a2q_bound(int accumulator_bits, int input_bits, bool is_signed) {
  return std::ldexp(std::ldexp(1.0, accumulator_bits - 1) - 1, (is_signed ? 1 : 0) - input_bits);
}

MethodInfo a2q_info() {
  return {"a2q",
          "uniform; sums of products fit an accumulator of acc bits",
          "Colbert et al. 2023, A2Q",
          {bits_parameter(2, 8),
           {"acc", "int", "16", "4..32", "bits of the accumulator (a2q)"},
           {"acc_input", "int", "8", "1..16", "bits of the inputs that it sums (a2q)"},
           {"acc_signed", "int", "0", "0..1", "1: those inputs have a sign (a2q)"}}};
}

std::shared_ptr<learn::WeightQuantizer> make_a2q(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<A2q>(options, weight);
}

}  // namespace tern::compress
