#include "base/error.hpp"
#include "compress/plan.hpp"
#include "compress/steps/steps.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

net::Net two_layers() {
  net::Net net("two");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{3, 6, 6}}, {"time", false}});
  net.add("a", "conv2d", {"x"}, {{"out_channels", std::int64_t{8}}});
  net.add("a_bn", "batch_norm", {"a"});
  net.add("a_act", "relu", {"a_bn"});
  net.add("b", "conv2d", {"a_act"}, {{"out_channels", std::int64_t{12}}});
  net.add("b_act", "relu", {"b"});
  net.add("pool", "global_avg_pool", {"b_act"});
  net.add("fc", "linear", {"pool"}, {{"out_features", std::int64_t{4}}});
  return net;
}

TransformContext apply(learn::Model& model, const std::string& text) {
  const Plan plan = parse_plan(text);
  check_plan(plan, model);
  TransformContext context{.model = model, .seed = 3};
  make_transforms(plan.phases[0]).front()->apply(context);
  return context;
}

TEST(ChannelsStep, RewritesTheModelAndSaysWhat) {
  learn::Model model(two_layers(), 1);
  const auto before = net::totals(model.net()).macs_per_step;
  const TransformContext context = apply(model, "channels:macs=0.5,l2");
  EXPECT_TRUE(context.net_changed);
  EXPECT_LE(2 * net::totals(model.net()).macs_per_step, before);
  EXPECT_FALSE(context.notes.empty());
  EXPECT_EQ(to_text(parse_plan("channels:macs=0.5")), "channels:macs=0.5,l1");
}

TEST(ChannelsStep, LayersRoundingAndScope) {
  learn::Model model(two_layers(), 1);
  apply(model, "channels:ratio=0.3,uniform,round=4,only=b");
  EXPECT_EQ(model.net().type("a").shape[0], 8);
  EXPECT_EQ(model.net().type("b").shape[0], 4);
}

TEST(ChannelsStep, RefusesBudgetsThatContradictOrCannotBeMet) {
  EXPECT_THROW(parse_plan("channels:l1"), Error);
  EXPECT_THROW(parse_plan("channels:macs=0.5,ratio=0.5"), Error);
  EXPECT_THROW(parse_plan("channels:macs=0.5,l3"), Error);
  const learn::Model model(two_layers(), 1);
  EXPECT_THROW(check_plan(parse_plan("channels:macs=0.0001"), model), Error);
  EXPECT_THROW(check_plan(parse_plan("channels:macs=0.9,only=c"), model), Error);
}

}  // namespace
}  // namespace tern::compress
