#include "compress/quantize/pact.hpp"

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;

TEST(Pact, ClipsAtAlphaWhichGetsTheGradientOfWhatIsClipped) {
  const auto q = make_activation_quantizer("pact", {.bits = 2}, {0.0, 3.0});
  const at::Tensor x = leaf(at::tensor({-1.0F, 0.4F, 1.6F, 2.9F, 3.5F, 8.0F}));
  const at::Tensor y = q->quantize(x), g = at::tensor({1.F, 2.F, 4.F, 8.F, 16.F, 32.F});
  EXPECT_LT(distance(y.detach(), at::tensor({0.F, 0.F, 2.F, 3.F, 3.F, 3.F})), 1e-6);
  (y * g).sum().backward();
  EXPECT_EQ(distance(x.grad(), at::tensor({0.F, 2.F, 4.F, 8.F, 0.F, 0.F})), 0);
  EXPECT_NEAR(q->tensors().at("alpha").grad().item<double>(), 48, 1e-4);
}

TEST(Pact, PenaltyPullsAlphaDown) {
  const auto q = make_activation_quantizer("pact", {.bits = 4}, {0.0, 3.0});
  q->penalty().backward();
  EXPECT_NEAR(q->tensors().at("alpha").grad().item<double>(), pact_decay * 3, 1e-9);
}

TEST(Pact, StartsAtSixWithoutACalibratedRange) {
  EXPECT_EQ(make_activation_quantizer("pact", {.bits = 4}, {})->tensors().at("alpha").item<float>(), 6);
}

}  // namespace
}  // namespace tern::compress
