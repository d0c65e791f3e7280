#include "compress/prune/magnitude.hpp"

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

learn::Model two_layers() {
  net::Net net("two", 1);
  net.add("x", "input", {}, {{"shape", 10}});
  net.add("a", "linear", {"x"}, {{"out_features", 10}});
  net.add("b", "linear", {"a"}, {{"out_features", 5}});
  return learn::Model(net, 1);
}

TEST(Magnitude, ReachesItsSparsityExactlyAndKeepsTheLargest) {
  learn::Model model = two_layers();
  const auto names = model.weight_names();
  { const c10::NoGradGuard no_grad; model.parameter("b", "weight").latent.mul_(100); }
  prune_by_magnitude(model, names, 0.5, true);
  EXPECT_DOUBLE_EQ(masked_fraction(model, names), 0.5);
  EXPECT_DOUBLE_EQ(masked_fraction(model, {"a.weight"}), 0.75) << "the smaller layer gives all";
  EXPECT_DOUBLE_EQ(masked_fraction(model, {"b.weight"}), 0.0);
  const at::Tensor a = model.parameter("a", "weight").latent.abs(), mask = model.parameter("a", "weight").mask;
  EXPECT_EQ(a.masked_select(mask.eq(0)).max().item<float>(), 0.0F);
}

TEST(Magnitude, LocalPrunesEachTensorAlike) {
  learn::Model model = two_layers();
  prune_by_magnitude(model, model.weight_names(), 0.3, false);
  EXPECT_DOUBLE_EQ(masked_fraction(model, {"a.weight"}), 0.3);
  EXPECT_DOUBLE_EQ(masked_fraction(model, {"b.weight"}), 15.0 / 50);
}

TEST(Magnitude, MasksOnlyGrowAndEqualWeightsAreCountedExactly) {
  learn::Model model = two_layers();
  const auto names = model.weight_names();
  { const c10::NoGradGuard no_grad; for (const auto& n : names) model.parameters().at(n).latent.fill_(0.25); }
  prune_by_magnitude(model, names, 0.4, true);
  const at::Tensor earlier = model.parameter("a", "weight").mask.clone();
  EXPECT_DOUBLE_EQ(masked_fraction(model, names), 0.4);
  prune_by_magnitude(model, names, 0.9, true);
  EXPECT_DOUBLE_EQ(masked_fraction(model, names), 0.9);
  EXPECT_EQ((model.parameter("a", "weight").mask * (1 - earlier)).sum().item<double>(), 0);
  EXPECT_THROW(prune_by_magnitude(model, names, 1.0, true), Error);
}

}  // namespace
}  // namespace tern::compress
