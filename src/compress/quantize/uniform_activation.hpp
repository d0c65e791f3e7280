// What uniform activation quantizers have in common.
#pragma once

#include <string>

#include "compress/quantize/activation_quantizer.hpp"
#include "compress/quantize/fake_quantize.hpp"

namespace tern::compress {

class UniformActivation : public learn::ActivationQuantizer {
 public:
  UniformActivation(std::string name, const ActivationOptions& options);

  std::string name() const override { return name_; }
  std::string spec() const override { return activation_spec(name_, options_); }

 protected:
  const CodeRange& codes() const { return codes_; }
  /// Codes and rounding gradient; zero point 0.
  FakeQuantize rule() const;
  /// Value of one code for symmetric codes: the larger magnitude over the largest code, at least `smallest_scale`;
  /// 1 where nothing but zeros was seen.
  double start_scale(CalibratedRange range) const;
  /// 1 / sqrt(N * Q_p), N the elements of one sample (Esser et al. 2020, section 2.2).
  double step_gradient_scale(const at::Tensor& x) const;
  /// A 0-d leaf that is trained.
  static at::Tensor learned(double value);

 private:
  std::string name_;
  ActivationOptions options_;
  CodeRange codes_;
};

}  // namespace tern::compress
