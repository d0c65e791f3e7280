#include "base/error.hpp"
#include "compress/plan_run.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

learn::Model small_model() {
  net::Net net("small");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv1", "conv2d", {"input"}, {{"out_channels", 8}, {"padding", 1}});
  net.add("bn", "batch_norm", {"conv1"});
  net.add("relu", "relu", {"bn"});
  net.add("conv2", "conv2d", {"relu"}, {{"out_channels", 8}, {"bias", true}});
  net.add("relu2", "relu", {"conv2"});
  net.add("pool", "global_avg_pool", {"relu2"});
  net.add("fc", "linear", {"pool"}, {{"out_features", 4}, {"bias", true}});
  learn::Model model(net, 1);
  const c10::NoGradGuard no_grad;
  model.parameter("bn", "running_var").latent.copy_(at::rand({8}, learn::make_generator(2)) + 0.02);
  return model;
}

const Samples& images() {
  static const Samples samples{{learn::channels_last(learn::random({48, 3, 8, 8}, 3)), at::full({48, 4}, 0.25), 1}};
  return samples;
}

std::vector<std::string> run(const std::string& plan, learn::Model& model) {
  std::vector<std::string> notes;
  RunHooks hooks;
  hooks.samples = images;
  hooks.note = [&](const std::string& note) { notes.push_back(note); };
  apply_untrained(parse_plan(plan), model, hooks);
  return notes;
}

double error_of(learn::Model& model, const at::Tensor& expected) {
  return (learn::forward(model, images()[0].frames, 1, {}) - expected).square().mean().item<double>();
}

TEST(PosttrainStep, TheLadderEndsNearerToTheFloatNetwork) {
  learn::Model model = small_model(), plain = small_model();
  const at::Tensor expected = learn::forward(model, images()[0].frames, 1, {});
  run("fold | quantize:w=3,a=8,affine", plain);
  const auto notes =
      run("fold | posttrain:cle | quantize:w=3,a=8,affine | posttrain:adaround,iterations=100 + "
          "posttrain:bias-correction",
          model);
  EXPECT_LT(error_of(model, expected), 0.5 * error_of(plain, expected)) << fmt::format("{}", fmt::join(notes, "\n"));
  EXPECT_FALSE(model.net().contains("bn"));
}

TEST(PosttrainStep, FoldComesBeforeQuantizingInOnePhase) {
  learn::Model model = small_model();
  run("quantize:w=8,affine + fold", model);
  EXPECT_FALSE(model.net().contains("bn"));
  EXPECT_EQ(model.parameter("conv1", "weight").bits(), 8);
  EXPECT_THROW(run("fold", model), Error) << "nothing is left to fold";
}

TEST(PosttrainStep, DistilledImagesServeTheWholePhase) {
  learn::Model model = small_model();
  RunHooks hooks;  // no data at all
  apply_untrained(parse_plan("fold | quantize:w=3,affine | posttrain:zeroq,iterations=20,count=16 + "
                             "posttrain:adaround,iterations=20"),
                  model, hooks);
  EXPECT_EQ(model.parameter("conv2", "weight").quantizer->name(), "lsq");
}

TEST(PosttrainStep, DistilledImagesCalibrateActivations) {
  learn::Model model = small_model();
  apply_untrained(parse_plan("fold | quantize:w=8,a=8,affine,untrained + posttrain:zeroq,iterations=20,count=16"), model,
                  RunHooks{});  // no data at all
  EXPECT_FALSE(model.activation_quantizers().empty());
  learn::Model other = small_model();
  EXPECT_THROW(apply_untrained(parse_plan("fold | quantize:w=8,a=8,affine,untrained"), other, RunHooks{}), Error);
}

TEST(PosttrainStep, TextAndErrors) {
  const std::string text =
      to_text(parse_plan("posttrain:adaround,iterations=300,keep-if-better=false + posttrain:cle"));
  EXPECT_EQ(to_text(parse_plan(text)), text);
  EXPECT_THROW(parse_plan("posttrain"), Error);
  EXPECT_THROW(parse_plan("posttrain:adaruond"), Error);
  EXPECT_THROW(parse_plan("posttrain:cle | posttrain:cle"), Error);
  learn::Model model = small_model();
  EXPECT_THROW(run("posttrain:brecq", model), Error) << "nothing is quantized";
}

}  // namespace
}  // namespace tern::compress
