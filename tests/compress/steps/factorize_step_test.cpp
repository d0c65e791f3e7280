#include "base/error.hpp"
#include "compress/factorize/circulant.hpp"
#include "compress/plan.hpp"
#include "compress/plan_run.hpp"
#include "compress/steps/steps.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

net::Net wide_net() {
  net::Net net("wide");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{40}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", std::int64_t{50}}});
  net.add("act", "relu", {"a"});
  net.add("b", "linear", {"act"}, {{"out_features", std::int64_t{30}}});
  return net;
}

TEST(FactorizeStep, RewritesTheSelectedLayers) {
  learn::Model model(wide_net(), 1);
  const Plan plan = parse_plan("factorize:svd,rank=8,only=a");
  check_plan(plan, model);
  TransformContext context{model};
  make_transforms(plan.phases[0]).front()->apply(context);
  EXPECT_TRUE(context.net_changed);
  EXPECT_EQ(model.net().type("a_in").shape, net::Shape{8});
  EXPECT_FALSE(model.net().contains("b_in"));
  EXPECT_EQ(context.notes, std::vector<std::string>{"a: rank 8, 720 of 2000 MACs"});
  EXPECT_EQ(to_text(plan), "factorize:svd,rank=8,only=a");
}

TEST(FactorizeStep, NeedsOneRuleForItsRanks) {
  EXPECT_THROW(parse_plan("factorize:svd"), Error);
  EXPECT_THROW(parse_plan("factorize:svd,macs=0.5,rank=3"), Error);
  EXPECT_EQ(to_text(parse_plan("factorize:tucker2,evbmf")), "factorize:tucker2,evbmf");
}

TEST(FactorizeStep, CirculantHoldsThroughTraining) {
  learn::Model model(wide_net(), 1);
  std::vector<std::string> notes;
  RunHooks hooks;
  hooks.note = [&](const std::string& note) { notes.push_back(note); };
  PhaseRun run(parse_plan("factorize:circulant,block=10,only=a").phases[0], model, hooks);
  const c10::NoGradGuard no_grad;
  at::Tensor a = model.parameter("a", "weight").latent, b = model.parameter("b", "weight").latent;
  const at::Tensor projected = nearest_block_circulant(a, 10), untouched = b.clone();
  for (std::int64_t step = 0; step < 3; ++step) {
    EXPECT_EQ(run.before_step(step, 3).reset_optimizer, step == 0);
    if (step == 0) {
      EXPECT_EQ(learn::distance(a, projected), 0.0);
    }
    a.mutable_grad() = learn::random(a.sizes(), 5 + static_cast<std::uint64_t>(step));
    run.after_backward(step, 3);
    a.sub_(0.1 * a.grad());
    EXPECT_LT(learn::distance(nearest_block_circulant(a, 10), a), 1e-6);  // before the next projection
  }
  run.finish(3);
  const at::Tensor blocks = a.reshape({5, 10, 4, 10});
  EXPECT_EQ(learn::distance(blocks.roll({1, 1}, {1, 3}), blocks), 0.0);
  EXPECT_GT(learn::distance(a, projected), 1e-2);
  EXPECT_EQ(learn::distance(b, untouched), 0.0);
  EXPECT_EQ(notes, std::vector<std::string>{"a.weight: blocks of 10, 200 free values of 2000"});
}

TEST(FactorizeStep, CirculantTakesABlockAndNoRank) {
  EXPECT_EQ(to_text(parse_plan("factorize:circulant,block=8")), "factorize:circulant,block=8");
  EXPECT_THROW(parse_plan("factorize:circulant"), Error);
  EXPECT_THROW(parse_plan("factorize:svd,macs=0.5,block=8"), Error);
  EXPECT_THROW(parse_plan("factorize:circulant,block=8,rank=4"), Error);
}

}  // namespace
}  // namespace tern::compress
