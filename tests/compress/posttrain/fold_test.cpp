#include "compress/posttrain/fold.hpp"

#include "base/error.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;

double relative(const at::Tensor& a, const at::Tensor& b) { return distance(a, b) / b.abs().max().item<double>(); }

TEST(Fold, KeepsTheFunction) {
  learn::Model model = random_model(chain_net());
  const Samples samples = image_samples();
  const at::Tensor before = scores_of(model, samples);
  learn::Model folded = fold_batch_norms(model);
  EXPECT_LT(relative(scores_of(folded, samples), before), 1e-5);
  EXPECT_EQ(foldable_norms(folded, true).size(), 0U);
  for (const auto& node : folded.net().nodes()) EXPECT_NE(node.op, "batch_norm");
  EXPECT_EQ(distance(scores_of(model, samples), before), 0) << "the source is left alone";
}

TEST(Fold, ByHand) {
  net::Net net("one");
  net.add("x", "input", {}, {{"shape", 1}});
  net.add("fc", "linear", {"x"}, {{"out_features", 1}, {"bias", true}});
  net.add("bn", "batch_norm", {"fc"}, {{"eps", 0.25}});
  net.add("y", "relu", {"bn"});
  learn::Model model(net, 1);
  const auto set = [&](const char* node, const char* name, double value) {
    const c10::NoGradGuard no_grad;
    model.parameter(node, name).latent.fill_(value);
  };
  set("fc", "weight", 3), set("fc", "bias", 0.5), set("bn", "weight", -2), set("bn", "bias", 1);
  set("bn", "running_mean", 1.5), set("bn", "running_var", 3.75);  // standard deviation 2 with eps
  const learn::Model folded = fold_batch_norms(model);
  EXPECT_FLOAT_EQ(folded.parameter("fc", "weight").latent.item<float>(), -3);
  EXPECT_FLOAT_EQ(folded.parameter("fc", "bias").latent.item<float>(), 1 + (0.5 - 1.5) * -1);
  EXPECT_FLOAT_EQ(folded.parameter("fc", "bias").state.at(norm_gain_state).item<float>(), 2);
  EXPECT_FLOAT_EQ(folded.parameter("fc", "bias").state.at(norm_shift_state).item<float>(), 1);
}

TEST(Fold, ChainsOfNormsAndMasks) {
  net::Net net("chain of norms");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv", "conv2d", {"input"}, {{"out_channels", 4}});
  net.add("a", "batch_norm", {"conv"});
  net.add("b", "batch_norm", {"a"});
  net.add("c", "batch_norm", {"b"});
  learn::Model model = random_model(net);
  prune_half(model, 3);
  const Samples samples = image_samples();
  learn::Model folded = fold_batch_norms(model);
  EXPECT_EQ(folded.net().nodes().size(), 2U);
  EXPECT_LT(relative(scores_of(folded, samples), scores_of(model, samples)), 1e-5);
  EXPECT_TRUE(at::equal(folded.parameter("conv", "weight").mask, model.parameter("conv", "weight").mask));
}

TEST(Fold, LeavesSharedKernelsAndSpikingNormsAlone) {
  net::Net net("shared", 2);
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv", "conv2d", {"input"}, {{"out_channels", 4}, {"padding", 1}});
  net.add("bn", "batch_norm", {"conv"});
  net.add("both", "add", {"bn", "conv"});
  net.add("conv2", "conv2d", {"both"}, {{"out_channels", 4}, {"padding", 1}});
  net.add("bn2", "batch_norm", {"conv2"});
  net.add("lif", "lif", {"bn2"});
  learn::Model model = random_model(net);
  EXPECT_TRUE(foldable_norms(model, false).empty());
  EXPECT_EQ(foldable_norms(model, true), std::vector<std::string>{"bn2"});
  const at::Tensor frames = image_samples(1, 8)[0].frames;
  learn::Model folded = fold_batch_norms(model, true);
  // Spikes at the threshold may fall to either side of it.
  EXPECT_GT(learn::forward(folded, frames, 2, {})
                .eq(learn::forward(model, frames, 2, {}))
                .to(at::kFloat)
                .mean()
                .item<double>(),
            0.999);
}

TEST(Fold, RefusesQuantizedKernels) {
  learn::Model model = random_model(chain_net());
  quantize_weights(model, 8);
  EXPECT_THROW(fold_batch_norms(model), Error);
}

// Folding stretches channels: the range that fits the kernel before it clips afterwards. Quantizers made
// after folding clip nothing.
TEST(Fold, Pitfall19RangesAreSearchedAfterFolding) {
  learn::Model model = random_model(chain_net());
  learn::Model folded = fold_batch_norms(model);
  const double old_range = model.parameter("conv1", "weight").latent.abs().max().item<double>();
  const double new_range = folded.parameter("conv1", "weight").latent.abs().max().item<double>();
  EXPECT_GT(new_range, 1.2 * old_range);
  quantize_weights(folded, 8);
  for (const auto& name : folded.weight_names()) {
    const learn::Parameter& parameter = folded.parameters().at(name);
    const learn::QuantizedWeight integers = parameter.integers();
    EXPECT_LE((parameter.stored() - parameter.latent).abs().max().item<double>(),
              0.51 * integers.scale.item<double>())
        << name;
  }
}

}  // namespace
}  // namespace tern::compress
