#include "compress/options.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "compress/select_layers.hpp"

namespace tern::compress {
namespace {

Options parsed(const std::string& text) {
  Options options({{.name = "bits", .type = OptionType::integer, .fallback = "8", .min = 1, .max = 16},
                   {.name = "method", .type = OptionType::choice, .fallback = "lsq", .choices = {"lsq", "lsq+"}, .always_shown = true},
                   {.name = "narrow", .type = OptionType::flag},
                   {.name = "share", .type = OptionType::number}});
  options.parse(text, "step");
  return options;
}

TEST(Options, WordsFindTheirOption) {
  const Options options = parsed("bits=4, lsq+ ,narrow,share=0.25");
  EXPECT_EQ(options.integer("bits"), 4);
  EXPECT_EQ(options.text("method"), "lsq+");
  EXPECT_TRUE(options.flag("narrow"));
  EXPECT_DOUBLE_EQ(options.number("share"), 0.25);
  EXPECT_EQ(options.canonical(), "bits=4,lsq+,narrow,share=0.25");
}

TEST(Options, DefaultsAreLeftOutUnlessAlwaysShown) {
  EXPECT_EQ(parsed("").canonical(), "lsq");
  EXPECT_EQ(parsed("bits=8").canonical(), "lsq");
  EXPECT_FALSE(parsed("").has("share"));
  EXPECT_EQ(parsed(parsed("bits=3,narrow").canonical()).canonical(), "bits=3,lsq,narrow");
}

TEST(Options, AWordOfTwoChoicesGoesToTheFirstThatIsFree) {
  Options options({{.name = "method", .type = OptionType::choice, .fallback = "duq", .choices = {"duq", "ewgs"}},
                   {.name = "gradient", .type = OptionType::choice, .fallback = "ste", .choices = {"ste", "ewgs"}}});
  Options both = options;
  both.parse("duq,ewgs", "step");
  EXPECT_EQ(both.text("gradient"), "ewgs");
  options.parse("ewgs", "step");
  EXPECT_EQ(options.text("method"), "ewgs");
  EXPECT_EQ(options.text("gradient"), "ste");
}

TEST(Options, RefusesWithTheNearestName) {
  for (const char* text : {"bits=4.5", "bits=17", "bits=", "lsq,lsq+", "narow", "bit=4", "narrow=maybe", "share=nan"})
    EXPECT_THROW(parsed(text), Error) << text;
  try {
    parsed("narow");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'narrow'"), std::string::npos) << error.what();
  }
}

TEST(SelectLayers, Globs) {
  EXPECT_TRUE(matches_glob("conv*", "conv1"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("s?_b*_conv", "s1_b2_x_conv"));
  EXPECT_TRUE(matches_glob("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(matches_glob("conv?", "conv"));
  EXPECT_FALSE(matches_glob("conv", "conv1"));
}

}  // namespace
}  // namespace tern::compress
