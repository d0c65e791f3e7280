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
  const Phase phase = parse_plan("prune:global=0.8 + quantize:w=2").phases[0];
  EXPECT_TRUE(apply_phase(model, phase, 0, 100));
  EXPECT_FALSE(apply_phase(model, phase, 1, 100));
  EXPECT_DOUBLE_EQ(masked_fraction(model, model.weight_names()), 0.8);
  EXPECT_EQ(model.parameter("a", "weight").bits(), 2);
}

TEST(PlanRun, CubicReachesItsTargetAtThreeQuarters) {
  learn::Model model = one_layer();
  const Phase phase = parse_plan("prune:global=0.9,cubic").phases[0];
  double last = -1;
  int events = 0;
  for (std::int64_t step = 0; step < 200; ++step) {
    if (!is_due(phase, step, 200)) continue;
    ++events;
    apply_phase(model, phase, step, 200);
    const double now = masked_fraction(model, model.weight_names());
    EXPECT_GE(now, last);
    last = now;
    if (step == 75) {
      EXPECT_NEAR(now, 0.9 * 0.875, 1e-3);
    }
    if (step > 150) ADD_FAILURE() << "pruned at step " << step;
  }
  EXPECT_DOUBLE_EQ(last, 0.9);
  EXPECT_GT(events, 40);
}

}  // namespace
}  // namespace tern::compress
