// Laws of the whole table of activation quantizers.
#include "compress/quantize/activation_quantizer.hpp"

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

template <typename Check>
void for_each_quantizer(Check check) {
  for (const auto& row : activation_quantizer_table())
    for (int bits = row.min_bits; bits <= 8; ++bits)
      for (const bool is_signed : {false, true}) {
        const CalibratedRange range{is_signed ? -0.7 : 0.0, 1.3};
        SCOPED_TRACE(fmt::format("{} a={} signed={}", row.info.name, bits, is_signed));
        check(*make_activation_quantizer(row.info.name, {.bits = bits, .is_signed = is_signed}, range),
              code_range(bits, is_signed, false), range);
      }
}

at::Tensor evaluated(const at::Tensor& x, const learn::AffineRange& affine, const CodeRange& codes) {
  const auto zero = static_cast<double>(affine.zero_point);
  return (x * (1.0F / affine.scale)).round().clamp(static_cast<double>(codes.low) - zero,
                                                   static_cast<double>(codes.high) - zero) * affine.scale;
}

// What is trained is what is packed.
TEST(ActivationLaws, TrainingEqualsEvaluation) {
  const at::Tensor x = random({4, 500}, 1);
  for_each_quantizer([&](learn::ActivationQuantizer& q, const CodeRange& codes, const CalibratedRange&) {
    const at::Tensor trained = q.quantize(x).detach();  // before affine() is asked: ranges may follow what training shows
    EXPECT_LT(distance(trained, evaluated(x, q.affine(), codes)), 1e-6);
    EXPECT_GE(q.affine().zero_point, codes.low);
    EXPECT_LE(q.affine().zero_point, codes.high);
  });
}

TEST(ActivationLaws, TwiceIsOnceAndZeroIsZero) {
  const at::Tensor x = random({4, 500}, 2);
  for_each_quantizer([&](learn::ActivationQuantizer& q, const CodeRange&, const CalibratedRange&) {
    const at::Tensor once = q.quantize(x).detach();
    const float scale = q.affine().scale;
    const at::Tensor twice = q.quantize(once).detach();
    if (q.affine().scale == scale) {  // a range that follows what training shows has moved
      EXPECT_LT(distance(twice, once), 1e-6);
    }
    EXPECT_EQ(q.quantize(at::zeros({2, 3})).abs().max().item<float>(), 0);
  });
}

TEST(ActivationLaws, Pitfall9ScalesStayPositive) {
  for_each_quantizer([&](learn::ActivationQuantizer& q, const CodeRange&, const CalibratedRange&) {
    {
      const c10::NoGradGuard no_grad;
      for (auto& [name, tensor] : q.tensors())
        if (tensor.requires_grad()) at::Tensor(tensor).fill_(-0.5);
    }
    q.project();
    EXPECT_GT(q.affine().scale, 0);
    EXPECT_TRUE(q.quantize(random({2, 10}, 3)).isfinite().all().item<bool>());
  });
}

TEST(ActivationLaws, SpecAndTensorsMakeItAgain) {
  const at::Tensor x = random({4, 100}, 4);
  for_each_quantizer([&](learn::ActivationQuantizer& q, const CodeRange&, const CalibratedRange&) {
    const auto again = make_activation_quantizer_from_spec(q.spec());
    EXPECT_EQ(again->spec(), q.spec());
    for (auto& [name, tensor] : q.tensors()) {
      const c10::NoGradGuard no_grad;
      again->tensors().at(name).copy_(tensor);
    }
    EXPECT_EQ(distance(again->quantize(x).detach(), q.quantize(x).detach()), 0);
  });
  for (const char* bad : {"", "lsq", "lsq:a=4", "lsq:a=x,signed=0"})
    EXPECT_THROW(make_activation_quantizer_from_spec(bad), Error) << bad;
  EXPECT_THROW(make_activation_quantizer("lsq", {.bits = 17}, {}), Error);
}

// A place that calibration saw silent still has a scale that can be trained.
TEST(ActivationLaws, Pitfall1NothingSeenStillHasAScale) {
  for (const auto& row : activation_quantizer_table())
    EXPECT_GT(make_activation_quantizer(row.info.name, {.bits = 4}, {})->affine().scale, 1e-3) << row.info.name;
}

TEST(ActivationLaws, GradientsOfDuqByFiniteDifferences) {
  const at::Tensor values = random({1, 2000}, 5), g = random({1, 2000}, 6);
  const auto q = make_activation_quantizer("duq", {.bits = 3}, {0.0, 1.75});
  (q->quantize(leaf(values)) * g).sum().backward();
  const auto loss = [&](double a) {
    const at::Tensor x = values.to(at::kDouble), c0 = (x / 1.75).clamp(0, 1) * 7;
    return (((x / a).clamp(0, 1) * 7 + c0.round() - c0) * (a / 7) * g.to(at::kDouble)).sum().item<double>();
  };
  const double h = 1e-7;
  EXPECT_NEAR(q->tensors().at("range").grad().item<double>(), (loss(1.75 + h) - loss(1.75 - h)) / (2 * h), 1e-2);
}

}  // namespace
}  // namespace tern::compress
