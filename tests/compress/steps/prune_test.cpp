// The step `prune` of a plan: its options.
#include "base/error.hpp"
#include "compress/plan.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

std::string message(const std::string& text) {
  try {
    parse_plan(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "no error";
}

std::string refusal(const std::string& text) {
  net::Net net("one", 1);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{6, 4, 4}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 8}, {"kernel", 3}});
  try {
    check_plan(parse_plan(text), learn::Model(net, 1));
  } catch (const Error& error) {
    EXPECT_EQ(error.place(), "plan");
    return error.what();
  }
  return "no error";
}

TEST(PruneStep, CanonicalText) {
  for (const char* text :
       {"prune:global=0.8,cubic", "prune:erk=0.9,rigl,interval=50,drop=0.5",
        "prune:local=0.5,synflow,iterative,iterations=3", "prune:global=0.6,lottery,rewind=0.02",
        "prune:srste,nm=2:4", "prune:uniform=0.7,dpf,block=8", "prune:local=0.5,oneshot,kernel,except=fc",
        "prune:global=0.9,l0,only=conv*", "prune:global=0.9,topkast,backward=0.8,decay=0.001"})
    EXPECT_EQ(to_text(parse_plan(text)), text);
  EXPECT_EQ(to_text(parse_plan("prune: rigl , erk=0.9")), "prune:erk=0.9,rigl");
  EXPECT_EQ(to_text(parse_plan("prune:nm=1:4")), "prune:oneshot,nm=1:4");
}

TEST(PruneStep, TwoStepsForDifferentLayers) {
  EXPECT_EQ(parse_plan("prune:global=0.9,only=conv* + prune:nm=2:4,only=fc").phases[0].steps.size(), 2u);
  EXPECT_EQ(message("prune:global=0.9 + prune:local=0.5"), "plan: 'prune:local=0.5,oneshot' stands twice");
}

TEST(PruneStep, SaysWhatIsWrong) {
  EXPECT_EQ(message("prune:cubic"), "plan: prune needs a sparsity: prune:global=0.8");
  EXPECT_EQ(message("prune:global=0.5,local=0.5"), "plan: prune: one sparsity, not both global and local");
  EXPECT_EQ(message("prune:local=0.8,nm=2:4"), "plan: prune: 2:4 reaches a sparsity of 0.5, not 0.8");
  EXPECT_EQ(message("prune:local=0.5,nm=2:4,kernel"),
            "plan: prune: one of nm=, block=, kernel and channel at a time, got 2:4 and kernel");
  EXPECT_EQ(message("prune:nm=1x4"), "plan: prune: nm= needs N:M such as 2:4, got '1x4'");
  EXPECT_EQ(message("prune:global=0.8,cubic,iterations=3"), "plan: prune: cubic has no option 'iterations'");
  EXPECT_EQ(message("prune:local=0.5,nm=2:4,rigl"),
            "plan: prune: rigl exchanges single weights, not shape 2:4");
  EXPECT_EQ(message("prune:global=0.8,oneshot,movement"),
            "plan: prune: movement must be seen before 'oneshot' prunes by it; use cubic");
  EXPECT_NE(message("prune:global=0.8,rigle").find("did you mean 'rigl'?"), std::string::npos);
  EXPECT_NE(message("prune:global=1.5").find("'global' takes 0 to 0.9999, got 1.5"), std::string::npos);
}

TEST(PruneStep, RefusesWhatTheNetCannotHave) {
  EXPECT_EQ(refusal("prune:nm=1:3"), "no error");  // 6 input channels
  EXPECT_NE(refusal("prune:nm=2:4").find("conv"), std::string::npos);
  EXPECT_NE(refusal("prune:global=0.5,only=fc").find("fc"), std::string::npos);
}

}  // namespace
}  // namespace tern::compress
