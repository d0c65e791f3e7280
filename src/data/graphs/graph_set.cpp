#include "data/graphs/graph_set.hpp"

#include <algorithm>
#include <cctype>
#include <span>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "data/graphs/graph_features.hpp"
#include "data/graphs/graph_split.hpp"
#include "data/graphs/largest_component.hpp"

namespace tern::data {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string place_of(const GraphDataOptions& o) {
  return "data set '" + o.name + "'";
}

void check_word(const GraphDataOptions& o, const char* what, const std::string& value,
                std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  std::string list;
  for (const std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
  fail(ErrorKind::usage, place_of(o), "{} '{}': expected {}", what, value, list);
}

void check_at_least(const GraphDataOptions& o, const char* what, std::int64_t value, std::int64_t least) {
  if (value < least) fail(ErrorKind::usage, place_of(o), "{} is {}, expected {} or more", what, value, least);
}

void check_labels(const graph::GraphData& data, const GraphDataOptions& o) {
  if (find_graph_set(o.name).defaults.split == "none") return;
  if (data.labels.empty() && data.multi_labels.empty() && data.graph_labels.empty())
    fail(ErrorKind::bad_data, place_of(o), "the files have no labels");
  if (data.num_classes < 1) fail(ErrorKind::bad_data, place_of(o), "every label is missing");
}

template <typename Values>
void add(std::uint64_t& hash, const Values& values) {
  const std::span span(values);
  hash = fnv1a_64({reinterpret_cast<const char*>(span.data()), span.size_bytes()}, hash);
  hash = fnv1a_64("|", hash);
}

}  // namespace

const GraphSetRow& find_graph_set(std::string_view name) {
  return find_method(graph_set_table(), "graph data set", lower(name),
                     [](const GraphSetRow& row) { return row.info; });
}

GraphDataOptions resolve(const GraphDataOptions& options) {
  GraphDataOptions o = options;
  const GraphDataOptions& d = find_graph_set(o.name).defaults;
  o.name = d.name;
  for (auto text : {&GraphDataOptions::split, &GraphDataOptions::normalise_features,
                    &GraphDataOptions::component, &GraphDataOptions::node_features})
    if ((o.*text).empty()) o.*text = d.*text;
  for (auto count : {&GraphDataOptions::train_per_class, &GraphDataOptions::validation_per_class,
                     &GraphDataOptions::num_nodes, &GraphDataOptions::num_edges,
                     &GraphDataOptions::num_classes, &GraphDataOptions::num_features})
    if (o.*count == 0) o.*count = d.*count;
  for (auto fraction : {&GraphDataOptions::validation_fraction, &GraphDataOptions::test_fraction}) {
    if (o.*fraction == 0) o.*fraction = d.*fraction;
    if (!(o.*fraction > 0 && o.*fraction < 1))
      fail(ErrorKind::usage, place_of(o), "a fraction is {}, expected between 0 and 1", o.*fraction);
  }
  if (!(o.train_fraction >= 0 && o.train_fraction < 1))
    fail(ErrorKind::usage, place_of(o), "the training share is {}, expected 0 to 1", o.train_fraction);
  check_word(o, "feature normalisation", o.normalise_features, {"none", "row", "standardise"});
  check_word(o, "component", o.component, {"all", "largest"});
  check_at_least(o, "train per class", o.train_per_class, 1);
  check_at_least(o, "validation per class", o.validation_per_class, 1);
  check_at_least(o, "number of validation nodes", o.num_validation, 0);
  check_at_least(o, "number of test nodes", o.num_test, 0);
  return o;
}

graph::GraphData read_graph_set(const GraphDataOptions& options) {
  const GraphDataOptions o = resolve(options);
  graph::GraphData data = find_graph_set(o.name).read(o);
  check_finite(data.features, place_of(o));
  check_labels(data, o);
  if (o.component == "largest") data = largest_component(data, place_of(o));
  make_node_features(data, o.node_features, place_of(o));
  graph::check(data, place_of(o));
  return data;
}

graph::GraphData prepare(graph::GraphData data, const GraphDataOptions& options) {
  const GraphDataOptions o = resolve(options);
  if (o.split == "none") {
    data.splits.clear();
    if (o.normalise_features == "standardise")
      fail(ErrorKind::usage, place_of(o), "standardising takes the training nodes, and there is no split");
  } else {
    data.splits = {choose_split(data, o)};
  }
  if (o.normalise_features == "row") normalise_feature_rows(data.features);
  if (o.normalise_features != "standardise") return data;
  if (data.graph_labels.empty()) {
    standardise_features(data.features, data.splits.front().train);
    return data;
  }
  std::vector<std::int32_t> nodes;
  for (const std::int32_t k : data.splits.front().train)
    for (auto i = data.graph_offsets[static_cast<std::size_t>(k)];
         i < data.graph_offsets[static_cast<std::size_t>(k) + 1]; ++i)
      nodes.push_back(static_cast<std::int32_t>(i));
  standardise_features(data.features, nodes);
  return data;
}

graph::GraphData load_graph_data(const GraphDataOptions& options) {
  return prepare(read_graph_set(options), options);
}

std::uint64_t checksum(const graph::GraphData& data) {
  std::uint64_t hash = fnv1a_64("graph data");
  add(hash, data.graph.rowptr());
  add(hash, data.graph.col());
  add(hash, data.graph.weight());
  add(hash, data.graph_offsets);
  add(hash, data.features.dense);
  add(hash, data.features.sparse.rowptr);
  add(hash, data.features.sparse.col);
  add(hash, data.features.sparse.value);
  add(hash, data.labels);
  add(hash, data.multi_labels);
  add(hash, data.graph_labels);
  add(hash, data.node_tags);
  for (const graph::Split& split : data.splits) {
    add(hash, split.train);
    add(hash, split.validation);
    add(hash, split.test);
  }
  return hash;
}

}  // namespace tern::data
