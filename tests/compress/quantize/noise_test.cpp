#include "compress/quantize/noise.hpp"

#include <cmath>

#include "base/error.hpp"
#include "compress/quantize/quantizer.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

TEST(Noise, StochasticRoundingIsUnbiased) {
  const at::Tensor weight = at::linspace(-1, 1, 101);
  QuantizerOptions options{.bits = 3};
  options.extra["stochastic"] = "1";
  const auto q = make_quantizer("affine", options, weight);
  const double scale = q->integers(weight).scale.item<double>();
  at::Tensor sum = at::zeros_like(weight);
  constexpr int draws = 4000;
  for (int i = 0; i < draws; ++i) {
    q->set_progress(i / static_cast<double>(draws));
    const at::Tensor value = q->quantize(weight);
    const at::Tensor codes = value / scale;
    ASSERT_LT((codes - codes.round()).abs().max().item<double>(), 1e-4) << "on the grid";
    sum += value;
  }
  const at::Tensor inside = weight.slice(0, 10, 91);
  const double deviation = scale * 0.5 / std::sqrt(draws);  // of a mean: the worst case, half-way between codes
  EXPECT_LT((sum.slice(0, 10, 91) / draws - inside).abs().max().item<double>(), 5 * deviation);
  EXPECT_GT((make_quantizer("affine", {.bits = 3}, weight)->quantize(weight).slice(0, 10, 91) - inside).abs().max().item<double>(),
            5 * deviation) << "rounding to nearest is not";
}

TEST(Noise, AShareIsQuantizedAndTheRestIsExact) {
  const at::Tensor weight = at::randn({100, 100}).set_requires_grad(true);
  QuantizerOptions options{.bits = 2};
  options.extra["noise"] = "0.3";
  const auto q = make_quantizer("lsq", options, weight.detach());
  const at::Tensor value = q->quantize(weight);
  EXPECT_NEAR(value.eq(weight).to(at::kFloat).mean().item<double>(), 0.7, 0.03);
  value.sum().backward();
  EXPECT_EQ(at::where(value.eq(weight), weight.grad(), at::ones_like(weight)).sub(1).abs().max().item<double>(), 0);
}

TEST(Noise, ResumesAndStoresWhatTheQuantizerItselfHolds) {
  const at::Tensor weight = at::randn({20, 30});
  QuantizerOptions options{.bits = 4};
  const auto plain = make_quantizer("lsq", options, weight);
  options.extra = {{"noise", "0.5"}, {"stochastic", "1"}};
  const auto q = make_quantizer("lsq", options, weight);
  EXPECT_EQ(learn::distance(q->integers(weight).codes, plain->integers(weight).codes), 0);
  const auto again = make_quantizer_from_spec(q->spec(), weight);
  EXPECT_EQ(again->spec(), q->spec());
  q->set_progress(0.25);
  again->set_progress(0.25);
  EXPECT_EQ(learn::distance(q->quantize(weight), again->quantize(weight)), 0);
  q->set_progress(0.5);
  EXPECT_GT(learn::distance(q->quantize(weight), again->quantize(weight)), 0);
  options.extra = {{"noise", "1.5"}};
  EXPECT_THROW(make_quantizer("lsq", options, weight), Error);
}

TEST(Noise, PrunedWeightsStayZero) {
  const at::Tensor weight = at::randn({8, 8}) * at::rand({8, 8}).gt(0.5);
  QuantizerOptions options{.bits = 3};
  options.extra = {{"noise", "0.5"}, {"stochastic", "1"}};
  const at::Tensor value = make_quantizer("affine", options, weight)->quantize(weight);
  EXPECT_EQ((value * weight.eq(0)).abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace tern::compress
