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

}  // namespace
}  // namespace tern::compress
