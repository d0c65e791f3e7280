#include "base/registry.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern {
namespace {

/// Names come from files: the distance between two that are as long as a file would take minutes.
TEST(Registry, LongNamesGetNoHint) {
  const std::string longest(500'000, 'a');
  EXPECT_EQ(nearest_name(longest, std::vector<std::string>{longest + "b"}), "");
  EXPECT_EQ(nearest_name("conv1", std::vector<std::string>{longest, "conv2"}), "conv2");
}

TEST(Registry, SuggestsTheNearestName) {
  const std::vector<std::string> known{"lsq", "duq", "pact"};
  EXPECT_EQ(nearest_name("lqs", known), "lsq");
  EXPECT_EQ(nearest_name("transformer", known), "");
  try {
    fail_unknown("quantizer", "lqs", known);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "unknown quantizer 'lqs': did you mean 'lsq'? (known: lsq, duq, pact)");
  }
}

}  // namespace
}  // namespace tern
