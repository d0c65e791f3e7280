#include "data/split.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/seed.hpp"

namespace tern::data {
namespace {

std::string class_of(const Recipe& recipe, std::int32_t label) {
  return label < 0 ? std::string("mixed") : recipe.class_names[static_cast<std::size_t>(label)];
}

/// Keeps at most max_per_class of the sources in `members`; the others go nowhere.
void limit(std::vector<std::size_t>& members, const DataOptions& options, const std::string& name,
           std::vector<Destination>& where) {
  const auto total = static_cast<std::int64_t>(members.size());
  const std::vector<bool> kept = choose(total, options.max_per_class, options.seed, "limit/" + name);
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (kept[i])
      left.push_back(members[i]);
    else
      where[members[i]] = Destination::nowhere;
  }
  members = std::move(left);
}

}  // namespace

std::vector<bool> choose(std::int64_t total, std::int64_t count, std::uint64_t seed, std::string_view name) {
  std::vector<bool> chosen(static_cast<std::size_t>(total), count >= total);
  if (count >= total) return chosen;
  Rng rng(derive_seed(seed, name));
  const std::vector<std::int64_t> order = permutation(total, rng);
  for (std::int64_t i = 0; i < count; ++i)
    chosen[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = true;
  return chosen;
}

std::int64_t validation_count(std::int64_t total, double fraction) {
  if (fraction <= 0 || total < 2) return 0;
  return std::clamp<std::int64_t>(std::llround(fraction * static_cast<double>(total)), 1, total - 1);
}

std::vector<Destination> destinations(const Recipe& recipe, const DataOptions& options) {
  std::vector<Destination> where(recipe.sources.size());
  std::map<std::pair<Part, std::int32_t>, std::vector<std::size_t>> classes;
  bool single = true;
  for (std::size_t i = 0; i < recipe.sources.size(); ++i) {
    const Source& source = recipe.sources[i];
    where[i] = source.part == Part::train ? Destination::train : Destination::test;
    classes[{source.part, source.label}].push_back(i);
    single &= source.num_samples == 1;
  }
  for (auto& [key, members] : classes) {
    const std::string name = class_of(recipe, key.second);
    const char* part = key.first == Part::train ? "train/" : "test/";
    if (single && options.max_per_class > 0) limit(members, options, part + name, where);
    if (key.first == Part::test || recipe.rule != ValidationRule::recordings) continue;
    const auto total = static_cast<std::int64_t>(members.size());
    const std::vector<bool> held = choose(total, validation_count(total, options.validation_fraction),
                                          options.seed, "validation/" + name);
    for (std::size_t i = 0; i < members.size(); ++i)
      if (held[i]) where[members[i]] = Destination::validation;
  }
  return where;
}

std::string split_statement(const Recipe& recipe, const DataOptions& options, const FrameDataset& data) {
  std::string text = recipe.origin;
  if (options.validation_fraction <= 0)
    text += " No validation part.";
  else if (recipe.rule == ValidationRule::recordings)
    text += fmt::format(
        " Validation: {:.4g} of the training {} of each class, by a shuffle with seed {}; no {} is in two "
        "parts.",
        options.validation_fraction, recipe.images ? "images" : "recordings", options.seed,
        recipe.images ? "image" : "recording");
  else
    text += fmt::format(
        " Validation: the last contiguous {:g} of the windows of each training recording; train and "
        "validation share recordings but no span of time.",
        options.validation_fraction);
  if (options.max_per_class > 0)
    text += fmt::format(" At most {} samples of a class in training and in test, chosen with seed {}.",
                        options.max_per_class, options.seed);
  return text + fmt::format(" {} train, {} validation, {} test samples.", data.train.size(),
                            data.validation.size(), data.test.size());
}

}  // namespace tern::data
