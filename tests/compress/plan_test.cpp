#include "compress/plan.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

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

TEST(Plan, RoundTripSpellsEverythingOut) {
  EXPECT_EQ(to_text(parse_plan("prune:global=0.8,cubic | quantize:w=2")),
            "prune:global=0.8,cubic | quantize:w=2,duq,ewgs");
  EXPECT_EQ(to_text(parse_plan(" prune:local=0.5+quantize:w=4,ste ")), "prune:local=0.5,oneshot + quantize:w=4,duq,ste");
  EXPECT_TRUE(parse_plan("  ").phases.empty());
  const std::string canonical = "prune:global=0.925,oneshot | quantize:w=3,duq,ste";
  EXPECT_EQ(to_text(parse_plan(canonical)), canonical);
}

TEST(Plan, PlusBelongsToANameOrJoinsSteps) {
  EXPECT_EQ(parse_plan("prune:global=0.5+quantize:w=4").phases[0].steps.size(), 2U);
  EXPECT_EQ(parse_plan("prune:global=0.5 + epochs=3").phases[0].epochs, 3);
}

TEST(Plan, SaysWhatIsWrong) {
  EXPECT_TRUE(message("prun:global=0.8").starts_with("plan: unknown step 'prun': did you mean 'prune'? (known: "));
  EXPECT_TRUE(message("prune:global=1.5").starts_with("plan: prune: 'global' takes 0 to 0.99"));
  EXPECT_EQ(message("prune:global=x"), "plan: prune: 'global' needs a number, got 'x'");
  EXPECT_TRUE(message("prune:cubic").starts_with("plan: prune needs a sparsity: prune:global=0.8"));
  EXPECT_EQ(message("prune:global=0.5,global=0.6"), "plan: prune: 'global' stands twice");
  EXPECT_EQ(message("quantize:w=9,duq"), "plan: quantize: duq takes 2 to 8 bits, got 9");
  EXPECT_EQ(message("quantize:w=2 | quantize:w=4"), "plan: 'quantize:w=4,duq,ewgs' stands twice");
  EXPECT_TRUE(message("quantize:w=2,egws").starts_with("plan: unknown option of 'quantize' 'egws': did you mean 'ewgs'?"));
  EXPECT_EQ(message("prune:global=0.5 + epochs=x"), "plan: epochs= needs a whole number, got 'x'");
}

TEST(Plan, EpochsGoToThePhasesThatWantThem) {
  EXPECT_EQ(epochs_of_phases(parse_plan(""), 7), std::vector<int>{7});
  EXPECT_EQ(epochs_of_phases(parse_plan("prune:global=0.5 | quantize:w=4"), 7), (std::vector<int>{3, 4}));
  EXPECT_EQ(epochs_of_phases(parse_plan("prune:global=0.5 + epochs=5 | quantize:w=4"), 7), (std::vector<int>{5, 2}));
  EXPECT_THROW(epochs_of_phases(parse_plan("prune:global=0.5 | quantize:w=4"), 1), Error);
  EXPECT_THROW(epochs_of_phases(parse_plan("prune:global=0.5 + epochs=7 | quantize:w=4"), 7), Error);
}

}  // namespace
}  // namespace tern::compress
