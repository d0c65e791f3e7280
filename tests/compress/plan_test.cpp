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

TEST(Plan, SaysWhatIsWrong) {
  EXPECT_EQ(message("prun:global=0.8"), "plan: unknown step 'prun': did you mean 'prune'? (known: prune, quantize)");
  EXPECT_EQ(message("prune:global=1.5"), "plan: prune: sparsity must be at least 0 and below 1, got 1.5");
  EXPECT_EQ(message("prune:global=x"), "plan: prune: 'global' needs a number, got 'x'");
  EXPECT_EQ(message("prune:cubic"), "plan: prune needs a sparsity: prune:global=0.8");
  EXPECT_EQ(message("quantize:w=9"), "plan: quantize: duq takes 2 to 8 bits, got 9");
  EXPECT_EQ(message("quantize:w=2 | quantize:w=4"), "plan: 'quantize:w=4,duq,ewgs' stands twice");
  EXPECT_EQ(message("quantize:w=2,egws").substr(0, 72),
            "plan: unknown option of 'quantize' 'egws': did you mean 'ewgs'? (known: ");
}

}  // namespace
}  // namespace tern::compress
