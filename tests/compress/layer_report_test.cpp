#include "compress/layer_report.hpp"

#include "compress/plan_run.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

TEST(LayerReport, CountsZerosOfMasksAndOfRounding) {
  net::Net net("one", 1);
  net.add("x", "input", {}, {{"shape", 4}});
  net.add("a", "linear", {"x"}, {{"out_features", 1}});
  learn::Model model(net, 1);
  { const c10::NoGradGuard no_grad; model.parameter("a", "weight").latent.copy_(at::tensor({0.1F, -1.0F, 1.0F, 2.0F}).view({1, 4})); }
  apply_untrained(parse_plan("prune:global=0.25 + quantize:w=2"), model, {});
  {
    const c10::NoGradGuard no_grad;
    for (auto& [name, tensor] : model.parameter("a", "weight").quantizer->tensors()) at::Tensor(tensor).fill_(3.0);
  }
  const auto layers = report_layers(model);
  ASSERT_EQ(layers.size(), 1U);
  EXPECT_EQ(layers[0].node, "a");
  EXPECT_EQ(layers[0].bits, 2);
  EXPECT_EQ(layers[0].zeros, 3) << "0.1 by the mask, +-1 by rounding of 1/3";
  EXPECT_DOUBLE_EQ(layers[0].max, 3.0);
  EXPECT_DOUBLE_EQ(zero_fraction(layers), 0.75);
}

}  // namespace
}  // namespace tern::compress
