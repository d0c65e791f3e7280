#include "compress/plan_run.hpp"

#include "compress/prune/magnitude.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

learn::Model one_layer() {
  net::Net net("one", 1);
  net.add("x", "input", {}, {{"shape", 20}});
  net.add("a", "linear", {"x"}, {{"out_features", 50}});
  return learn::Model(net, 1);
}

TEST(PlanRun, JointDoesBothAtTheStart) {
  learn::Model model = one_layer();
  PhaseRun run(parse_plan("prune:global=0.8 + quantize:w=2").phases[0], model, {});
  run.before_step(0, 100);
  EXPECT_DOUBLE_EQ(masked_fraction(model, model.weight_names()), 0.8);
  EXPECT_EQ(model.parameter("a", "weight").bits(), 2);
  const auto* quantizer = model.parameter("a", "weight").quantizer.get();
  run.before_step(1, 100);
  EXPECT_EQ(model.parameter("a", "weight").quantizer.get(), quantizer);
}

TEST(PlanRun, CubicReachesItsTargetAtThreeQuarters) {
  learn::Model model = one_layer();
  PhaseRun run(parse_plan("prune:global=0.9,cubic").phases[0], model, {});
  double last = -1;
  int events = 0;
  for (std::int64_t step = 0; step < 200; ++step) {
    run.before_step(step, 200);
    const double now = masked_fraction(model, model.weight_names());
    EXPECT_GE(now, last);
    if (now > last) ++events;
    if (step > 150) {
      EXPECT_EQ(now, last) << "pruned at step " << step;
    }
    last = now;
    if (step == 75) {
      EXPECT_NEAR(now, 0.9 * 0.875, 1e-3);
    }
  }
  EXPECT_DOUBLE_EQ(last, 0.9);
  EXPECT_GT(events, 40);
}

TEST(PlanRun, WithoutTrainingThePlanIsCarriedOutAtOnce) {
  learn::Model model = one_layer();
  apply_untrained(parse_plan("prune:global=0.9,cubic | quantize:w=3"), model, {});
  EXPECT_DOUBLE_EQ(masked_fraction(model, model.weight_names()), 0.9);
  EXPECT_EQ(model.parameter("a", "weight").bits(), 3);
}

TEST(PlanRun, BadPlansAreRefusedBeforeAnyWork) {
  net::Net net("two");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{6, 8, 8}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 8}, {"padding", 1}});
  net.add("bn", "batch_norm", {"conv"});
  net.add("act", "relu", {"bn"});
  net.add("flat", "flatten", {"act"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 10}});
  const learn::Model model(net, 1);
  const auto refusal = [&](const std::string& text) -> std::string {
    try {
      check_plan(parse_plan(text), model);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal("prune:nm=2:4"), "") << "6 input channels are not divided by 4";
  EXPECT_NE(refusal("prune:global=0.5,only=conf"), "");
  EXPECT_NE(refusal("factorize:svd,macs=0.0001"), "") << "an impossible budget";
  EXPECT_NE(refusal("fold | prune:global=0.5,only=bn"), "") << "folded away: it has no weights either way";
  EXPECT_NE(refusal("fold | fold:spiking"), "");
  EXPECT_NE(refusal("quantize:w=4,only=fc2"), "");
  EXPECT_EQ(refusal("fold | prune:global=0.5,except=fc | quantize:w=4,a=4,lsq"), "");
  EXPECT_EQ(model.net().nodes().size(), 6U) << "nothing was touched";
}

}  // namespace
}  // namespace tern::compress
