#include "base/registry.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern {
namespace {

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
