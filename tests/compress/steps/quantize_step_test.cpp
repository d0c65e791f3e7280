// The step `quantize` of a plan: weights, inserted activation nodes, calibration.
#include "compress/steps/steps.hpp"

#include "base/error.hpp"
#include "compress/plan_run.hpp"
#include "compress/quantize/insert.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::random;

net::Net residual_net() {
  net::Net net("residual");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}, {"time", false}});
  net.add("c1", "conv2d", {"x"}, {{"out_channels", 8}, {"padding", 1}});
  net.add("r1", "relu", {"c1"});
  net.add("c2", "conv2d", {"r1"}, {{"out_channels", 8}, {"padding", 1}});
  net.add("sum", "add", {"c2", "r1"});
  net.add("r2", "relu", {"sum"});
  net.add("pool", "max_pool2d", {"r2"});
  net.add("flat", "flatten", {"pool"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 10}, {"bias", true}});
  return net;
}

Samples images(int batches, std::uint64_t seed) {
  Samples samples;
  for (int i = 0; i < batches; ++i) {
    const at::Tensor codes = at::randint(0, 256, {16, 3, 8, 8}, learn::make_generator(seed + static_cast<std::uint64_t>(i)),
                                         at::TensorOptions(at::kFloat));
    samples.push_back({codes * (1.0F / 255.0F), at::full({16, 10}, 0.1F), 1});
  }
  return samples;
}

learn::Model quantized(const std::string& plan, const Samples& samples, std::vector<std::string>* notes = nullptr) {
  learn::Model model(residual_net(), 3);
  RunHooks hooks;
  hooks.samples = [&samples]() -> const Samples& { return samples; };
  if (notes) hooks.note = [notes](const std::string& note) { notes->push_back(note); };
  apply_untrained(parse_plan(plan), model, hooks);
  return model;
}

at::Tensor scores(learn::Model& model, const Samples& samples, bool training = false) {
  learn::ForwardOptions options;
  options.training = training;
  return learn::forward(model, samples[0].frames, 1, options).detach();
}

TEST(QuantizeStep, OldTextsParseAndTheDefaultIsSpelledOut) {
  EXPECT_EQ(to_text(parse_plan("quantize:w=2,duq")), "quantize:w=2,duq,ewgs");
  EXPECT_EQ(to_text(parse_plan("quantize:w=2,duq,ewgs")), "quantize:w=2,duq,ewgs");
  const std::string full = "quantize:w=4,a=4,lsq+,ste,per=group:32,first=8,last=32,calibrator=kl,except=c2";
  EXPECT_EQ(to_text(parse_plan(full)), full);
  EXPECT_EQ(to_text(parse_plan("quantize:w=4,a=4,lsq+ + prune:global=0.5")),
            "quantize:w=4,a=4,lsq+,ewgs + prune:global=0.5,oneshot");
}

TEST(QuantizeStep, SaysWhatIsWrong) {
  for (const char* bad : {"quantize:w=1", "quantize:w=32", "quantize:w=4,lsq,per=rows", "quantize:w=4,calibrator=klx",
                          "quantize:w=4,duq,per=channel", "quantize:w=4,activation=psct", "quantize:w=4,affine,weight_calibrator=kl",
                          "quantize:w=8,duq,first=12"})
    EXPECT_THROW(parse_plan(bad), Error) << bad;
}

TEST(QuantizeStep, WithoutActivationsNeedsNoDataAndKeepsTheNet) {
  learn::Model model(residual_net(), 3);
  apply_untrained(parse_plan("quantize:w=4,lsq"), model, {});
  EXPECT_EQ(model.net().nodes().size(), residual_net().nodes().size());
  for (const auto& name : model.weight_names()) EXPECT_EQ(model.parameters().at(name).bits(), 4) << name;
}

// Every kernel reads integers, the residual reads what its kernel reads, images keep their own 8 bits.
TEST(QuantizeStep, Pitfall11EveryKernelReadsQuantizedValues) {
  const Samples samples = images(2, 5);
  learn::Model model = quantized("quantize:w=4,a=4,lsq", samples);
  EXPECT_TRUE(kernels_of_float_input(model.net()).empty());
  EXPECT_EQ(model.net().node("sum").inputs[1], "r1_quant");
  EXPECT_EQ(model.affine_range(model.net().node("x_quant")).scale, 1.0F / 255.0F);
  EXPECT_EQ(model.net().context(model.net().node("x_quant")).integer("bits"), 8);
  EXPECT_EQ(model.net().context(model.net().node("r2_quant")).integer("bits"), 4);
  EXPECT_EQ(model.activation_quantizers().size(), 2U);
}

/// Levels that a node's values take on one batch.
std::int64_t levels(learn::Model& model, const Samples& samples, const std::string& node) {
  std::int64_t count = 0;
  learn::ForwardOptions options;
  options.observer = [&](const net::Node& seen, const at::Tensor& dst) {
    if (seen.name == node) count = std::get<0>(at::_unique2(dst)).numel();
  };
  const c10::NoGradGuard no_grad;
  learn::forward(model, samples[0].frames, 1, options);
  return count;
}

TEST(QuantizeStep, ShortcutsKeepTheirBits) {
  const Samples samples = images(2, 5);
  learn::Model model = quantized("quantize:w=2,a=2,lsq,shortcut=8", samples);
  EXPECT_EQ(model.net().node("sum").inputs[1], "r1_shortcut_quant");
  EXPECT_EQ(model.net().node("c2").inputs[0], "r1_quant");
  EXPECT_EQ(model.activation_quantizers().size(), 3U) << "both are trained; r2 has no shortcut";
  EXPECT_EQ(levels(model, samples, "r1_quant"), 4);
  EXPECT_GT(levels(model, samples, "r1_shortcut_quant"), 100);
  EXPECT_LE(levels(model, samples, "r1_shortcut_quant"), 256);
  EXPECT_LT(distance(scores(model, samples, true), scores(model, samples)), 1e-6) << "trained as evaluated";
  learn::Model coarse = quantized("quantize:w=32,a=2,lsq", samples), fine = quantized("quantize:w=32,a=2,lsq,shortcut=8", samples);
  learn::Model floats(residual_net(), 3);
  const at::Tensor expected = scores(floats, samples);
  EXPECT_LT(distance(scores(fine, samples), expected), distance(scores(coarse, samples), expected));
}

// Joint phases may quantize what is quantized: nothing is inserted twice.
TEST(QuantizeStep, Pitfall12TwiceIsOnce) {
  const Samples samples = images(2, 5);
  learn::Model once = quantized("quantize:w=4,a=4,lsq", samples);
  learn::Model twice = quantized("quantize:w=4,a=4,lsq | quantize:w=4,a=4,lsq,only=*", samples);
  EXPECT_EQ(net::to_json(twice.net()), net::to_json(once.net()));
  EXPECT_EQ(distance(scores(once, samples), scores(twice, samples)), 0);
}

// Progressive quantization: the latents are all that the earlier phase leaves, so that untrained it leaves nothing.
TEST(QuantizeStep, AgainStartsFromTheLatents) {
  const Samples samples = images(2, 5);
  for (const char* last : {"quantize:w=2,a=2,lsq,shortcut=8", "quantize:w=3,lsq,per=channel", "quantize:w=32,a=4,pact"}) {
    learn::Model direct = quantized(last, samples);
    learn::Model stepwise = quantized(fmt::format("quantize:w=8,a=8,lsq | quantize:w=4,a=4,duq,again | {},again", last), samples);
    EXPECT_EQ(net::to_json(stepwise.net()), net::to_json(direct.net())) << last;
    EXPECT_EQ(distance(scores(stepwise, samples), scores(direct, samples)), 0) << last;
    for (const auto& name : direct.weight_names())
      EXPECT_EQ(stepwise.parameters().at(name).bits(), direct.parameters().at(name).bits()) << last << ", " << name;
  }
  EXPECT_THROW(parse_plan("quantize:w=4,lsq | quantize:w=2,lsq,again,only=c2"), Error);
  EXPECT_THROW(parse_plan("quantize:w=4,lsq | quantize:w=2,lsq"), Error) << "without the word it stands twice";
}

TEST(QuantizeStep, AgainKeepsWhatWasTrainedAndPruned) {
  const Samples samples = images(1, 5);
  learn::Model model = quantized("prune:global=0.5,oneshot | quantize:w=4,a=4,lsq", samples);
  learn::Parameter& before = model.parameter("c2", "weight");
  const at::Tensor latent = before.latent, mask = before.mask;
  RunHooks hooks;
  hooks.samples = [&samples]() -> const Samples& { return samples; };
  apply_untrained(parse_plan("quantize:w=2,a=2,lsq,again"), model, hooks);
  const learn::Parameter& after = model.parameter("c2", "weight");
  EXPECT_TRUE(after.latent.is_same(latent));
  EXPECT_TRUE(after.mask.is_same(mask));
  EXPECT_EQ(after.bits(), 2);
  EXPECT_EQ(model.net().context(model.net().node("r1_quant")).integer("bits"), 2);
}

TEST(QuantizeStep, EightBitsChangeLittleAndTrainingEqualsEvaluation) {
  const Samples samples = images(4, 7);
  learn::Model floats(residual_net(), 3);
  const at::Tensor expected = scores(floats, samples);
  for (const char* method : {"affine", "lsq", "lsq+", "pact", "duq", "ewgs", "affine,per=channel", "sawb"}) {
    learn::Model model = quantized(fmt::format("quantize:w=8,a=8,{},calibrator=minmax", method), samples);
    const at::Tensor got = scores(model, samples);
    EXPECT_LT(((got - expected).norm() / expected.norm()).item<double>(), 0.03) << method;
    EXPECT_LT(distance(scores(model, samples, true), got), 1e-4) << method;
  }
}

TEST(QuantizeStep, FirstAndLastHaveTheirOwnWidths) {
  const Samples samples = images(2, 9);
  learn::Model model = quantized("quantize:w=2,a=3,lsq,first=8,last=6", samples);
  EXPECT_EQ(model.parameter("c1", "weight").bits(), 8);
  EXPECT_EQ(model.parameter("c2", "weight").bits(), 2);
  EXPECT_EQ(model.parameter("fc", "weight").bits(), 6);
  EXPECT_EQ(model.net().context(model.net().node("r1_quant")).integer("bits"), 3);
  EXPECT_EQ(model.net().context(model.net().node("r2_quant")).integer("bits"), 6);
  learn::Model half = quantized("quantize:w=2,a=3,lsq,last=32", samples);
  EXPECT_EQ(half.parameter("fc", "weight").bits(), 32);
  EXPECT_EQ(kernels_of_float_input(half.net()), std::vector<std::string>{"fc"});
}

TEST(QuantizeStep, GradientsReachWeightsScalesAndNothingElse) {
  const Samples samples = images(1, 11);
  learn::Model model = quantized("quantize:w=3,a=3,lsq+", samples);
  learn::ForwardOptions options;
  options.training = true;
  learn::forward(model, samples[0].frames, 1, options).square().sum().backward();
  for (const auto& name : model.weight_names()) {
    EXPECT_GT(model.parameters().at(name).latent.grad().abs().sum().item<double>(), 0) << name;
    EXPECT_NE(model.parameters().at(name).quantizer->tensors().at("scale").grad().item<double>(), 0) << name;
  }
  for (auto& [node, quantizer] : model.activation_quantizers())
    EXPECT_NE(quantizer->tensors().at("scale").grad().item<double>(), 0) << node;
}

TEST(QuantizeStep, NotesSayWhatWasDone) {
  const Samples samples = images(1, 13);
  std::vector<std::string> notes;
  quantized("quantize:w=3,a=4,lsq", samples, &notes);
  EXPECT_EQ(notes[0], "x_quant: 8 bits unsigned, step 0.00392157 (the data's)");
  EXPECT_EQ(notes.back(), "fc.weight: 3 bits, lsq");
}

}  // namespace
}  // namespace tern::compress
