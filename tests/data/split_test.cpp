#include "data/split.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace tern::data {
namespace {

/// `train` recordings of each of two classes and `test` of each, one sample a recording.
Recipe recipe_of(int train, int test) {
  Recipe recipe;
  recipe.class_names = {"a", "b"};
  for (const std::int32_t label : {0, 1}) {
    for (int i = 0; i < train; ++i) recipe.sources.push_back({Part::train, label, "", 1, {}});
    for (int i = 0; i < test; ++i) recipe.sources.push_back({Part::test, label, "", 1, {}});
  }
  return recipe;
}

std::int64_t count(const Recipe& recipe, const std::vector<Destination>& where, Destination part,
                   std::int32_t label) {
  std::int64_t found = 0;
  for (std::size_t i = 0; i < where.size(); ++i)
    found += where[i] == part && recipe.sources[i].label == label ? 1 : 0;
  return found;
}

TEST(Split, ValidationTakesTheSameFractionOfEachClass) {
  const Recipe recipe = recipe_of(40, 10);
  DataOptions options;
  options.validation_fraction = 0.1;
  const std::vector<Destination> where = destinations(recipe, options);
  for (const std::int32_t label : {0, 1}) {
    EXPECT_EQ(count(recipe, where, Destination::train, label), 36);
    EXPECT_EQ(count(recipe, where, Destination::validation, label), 4);
    EXPECT_EQ(count(recipe, where, Destination::test, label), 10);
  }
  EXPECT_EQ(where, destinations(recipe, options));
  options.seed = 1;
  EXPECT_NE(where, destinations(recipe, options));
  options.validation_fraction = 0;
  EXPECT_EQ(count(recipe, destinations(recipe, options), Destination::validation, 0), 0);
}

TEST(Split, TheTestPartIsNeverTouchedByValidation) {
  const Recipe recipe = recipe_of(5, 7);
  DataOptions options;
  options.validation_fraction = 0.9;
  const std::vector<Destination> where = destinations(recipe, options);
  for (std::size_t i = 0; i < where.size(); ++i)
    EXPECT_EQ(where[i] == Destination::test, recipe.sources[i].part == Part::test);
  EXPECT_EQ(count(recipe, where, Destination::train, 0), 1);  // never all
}

TEST(Split, MaxPerClassLimitsBothParts) {
  const Recipe recipe = recipe_of(40, 10);
  DataOptions options;
  options.validation_fraction = 0.1;
  options.max_per_class = 20;
  std::vector<Destination> where = destinations(recipe, options);
  EXPECT_EQ(count(recipe, where, Destination::train, 1), 18);
  EXPECT_EQ(count(recipe, where, Destination::validation, 1), 2);
  EXPECT_EQ(count(recipe, where, Destination::test, 1), 10);
  EXPECT_EQ(count(recipe, where, Destination::nowhere, 1), 20);
}

TEST(Split, RecordingsOfSeveralClassesAreHeldWhole) {
  Recipe recipe;
  recipe.class_names = {"a", "b"};
  for (int i = 0; i < 10; ++i) recipe.sources.push_back({Part::train, -1, "", 12, {}});
  EXPECT_EQ(count(recipe, destinations(recipe, {.validation_fraction = 0.1}), Destination::validation, -1),
            1);
}

TEST(Split, ChooseTakesExactlyAsMany) {
  for (const std::int64_t total : {0, 1, 7})
    for (const std::int64_t wanted : {0, 1, 5, 9}) {
      const std::vector<bool> chosen = choose(total, wanted, 3, "x");
      EXPECT_EQ(std::count(chosen.begin(), chosen.end(), true), std::min(total, wanted));
    }
  EXPECT_EQ(validation_count(1, 0.5), 0);
  EXPECT_EQ(validation_count(2, 0.01), 1);
  EXPECT_EQ(validation_count(100, 0.25), 25);
}

}  // namespace
}  // namespace tern::data
