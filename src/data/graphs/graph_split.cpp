#include "data/graphs/graph_split.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::data {
namespace {

using Ids = std::vector<std::int32_t>;

std::string place_of(const GraphDataOptions& o) {
  return "data set '" + o.name + "'";
}

/// Ids of each class in a random order; those without a class are in none.
std::vector<Ids> shuffled_classes(const std::vector<std::int32_t>& labels, std::int64_t classes,
                                  std::uint64_t seed) {
  std::vector<Ids> out(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0) out[static_cast<std::size_t>(labels[i])].push_back(static_cast<std::int32_t>(i));
  for (std::size_t c = 0; c < out.size(); ++c) {
    Rng rng(derive_seed(derive_seed(seed, "split"), c));
    Ids shuffled;
    for (const std::int64_t i : permutation(static_cast<std::int64_t>(out[c].size()), rng))
      shuffled.push_back(out[c][static_cast<std::size_t>(i)]);
    out[c] = std::move(shuffled);
  }
  return out;
}

/// Moves `count` ids off the end of `from` (at most all of them).
void take(Ids& from, std::int64_t count, Ids& to) {
  const auto n = std::min<std::ptrdiff_t>(count, std::ssize(from));
  to.insert(to.end(), from.end() - n, from.end());
  from.erase(from.end() - n, from.end());
}

/// Moves `count` ids, drawn among all of `from`, in random order.
void draw(Ids& from, std::int64_t count, std::uint64_t seed, Ids& to) {
  Rng rng(derive_seed(seed, "split/any class"));
  Ids shuffled;
  for (const std::int64_t i : permutation(std::ssize(from), rng))
    shuffled.push_back(from[static_cast<std::size_t>(i)]);
  from = std::move(shuffled);
  take(from, count, to);
}

/// Moves round(fraction * size) of each class, at least one where two are there.
void take_stratified(std::vector<Ids>& classes, double fraction, Ids& to) {
  for (Ids& ids : classes) {
    const auto wanted = static_cast<std::int64_t>(std::llround(fraction * static_cast<double>(ids.size())));
    take(ids, ids.size() < 2 ? 0 : std::max<std::int64_t>(1, wanted), to);
  }
}

/// The same number of every class.
void take_by_class(std::vector<Ids>& classes, const GraphDataOptions& o, graph::Split& split) {
  const std::int64_t by_class = o.train_per_class + (o.num_validation > 0 ? 0 : o.validation_per_class);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (std::ssize(classes[c]) <= by_class)
      fail(ErrorKind::usage, place_of(o),
           "class {} has {} nodes, {} train or validate and some must be left to test", c, classes[c].size(),
           by_class);
    take(classes[c], o.train_per_class, split.train);
    if (o.num_validation == 0) take(classes[c], o.validation_per_class, split.validation);
  }
}

graph::Split random_nodes(const graph::GraphData& data, const GraphDataOptions& o) {
  if (!data.multi_labels.empty())
    fail(ErrorKind::usage, place_of(o),
         "nodes have several labels: a split by class is not defined; take the public one");
  std::vector<Ids> classes = shuffled_classes(data.labels, data.num_classes, o.seed);
  graph::Split split;
  if (o.train_fraction > 0) {
    take_stratified(classes, o.train_fraction, split.train);
    if (o.num_validation == 0) take_stratified(classes, 0.5, split.validation);
  } else {
    take_by_class(classes, o, split);
  }
  Ids rest;
  for (const Ids& ids : classes) rest.insert(rest.end(), ids.begin(), ids.end());
  std::sort(rest.begin(), rest.end());
  if (o.num_validation > 0) draw(rest, o.num_validation, o.seed, split.validation);
  if (rest.empty())
    fail(ErrorKind::usage, place_of(o), "{} validation nodes leave none to test", o.num_validation);
  if (o.num_test > 0)
    draw(rest, o.num_test, derive_seed(o.seed, "test"), split.test);
  else
    split.test = std::move(rest);
  return split;
}

graph::Split random_graphs(const graph::GraphData& data, const GraphDataOptions& o) {
  std::vector<Ids> classes = shuffled_classes(data.graph_labels, data.num_classes, o.seed);
  graph::Split split;
  take_stratified(classes, o.test_fraction, split.test);
  take_stratified(classes, o.validation_fraction, split.validation);
  for (const Ids& ids : classes) split.train.insert(split.train.end(), ids.begin(), ids.end());
  return split;
}

/// A validation part out of the training graphs.
void hold_out_graphs(const graph::GraphData& data, const GraphDataOptions& o, graph::Split& split) {
  std::vector<std::int32_t> labels(data.graph_labels.size(), -1);
  for (const std::int32_t id : split.train)
    labels[static_cast<std::size_t>(id)] = data.graph_labels[static_cast<std::size_t>(id)];
  std::vector<Ids> classes = shuffled_classes(labels, data.num_classes, o.seed);
  take_stratified(classes, o.validation_fraction, split.validation);
  split.train.clear();
  for (const Ids& ids : classes) split.train.insert(split.train.end(), ids.begin(), ids.end());
}

graph::Split published(const graph::GraphData& data, const GraphDataOptions& o) {
  if (data.splits.empty())
    fail(ErrorKind::usage, place_of(o), "no split is published with it: take split random");
  std::size_t index = static_cast<std::size_t>((std::max<std::uint64_t>(1, o.seed) - 1) % data.splits.size());
  if (o.split != "public" && o.split != "full") {
    const auto [end, error] = std::from_chars(o.split.data(), o.split.data() + o.split.size(), index);
    if (error != std::errc() || end != o.split.data() + o.split.size() || index >= data.splits.size())
      fail(ErrorKind::usage, place_of(o), "split '{}': expected public, full, random, none or 0 .. {}",
           o.split, data.splits.size() - 1);
  }
  return data.splits[index];
}

/// Every labelled node outside of validation and test trains.
void train_on_all_others(const graph::GraphData& data, graph::Split& split) {
  std::vector<bool> held(data.labels.size(), false);
  for (const auto* part : {&split.validation, &split.test})
    for (const std::int32_t id : *part) held[static_cast<std::size_t>(id)] = true;
  split.train.clear();
  for (std::size_t i = 0; i < held.size(); ++i)
    if (!held[i] && data.labels[i] >= 0) split.train.push_back(static_cast<std::int32_t>(i));
}

/// Nodes without a class can neither train nor be scored.
void drop_unlabelled(const std::vector<std::int32_t>& labels, Ids& ids) {
  std::erase_if(ids, [&](std::int32_t id) { return labels[static_cast<std::size_t>(id)] < 0; });
}

}  // namespace

graph::Split choose_split(const graph::GraphData& data, const GraphDataOptions& o) {
  const bool of_graphs = !data.graph_labels.empty();
  graph::Split split;
  if (o.split == "random") {
    split = of_graphs ? random_graphs(data, o) : random_nodes(data, o);
  } else {
    split = published(data, o);
    if (o.split == "full" && (of_graphs || data.labels.empty()))
      fail(ErrorKind::usage, place_of(o), "split full is for sets whose nodes have one label each");
    if (o.split == "full") train_on_all_others(data, split);
    if (of_graphs && split.validation.empty()) hold_out_graphs(data, o, split);
  }
  for (Ids* part : {&split.train, &split.validation, &split.test}) {
    if (of_graphs)
      drop_unlabelled(data.graph_labels, *part);
    else if (!data.labels.empty())
      drop_unlabelled(data.labels, *part);
    std::sort(part->begin(), part->end());
  }
  if (split.train.empty())
    fail(ErrorKind::bad_data, place_of(o), "the training part has no labelled samples");
  return split;
}

}  // namespace tern::data
