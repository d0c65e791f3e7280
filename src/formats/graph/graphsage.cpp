#include <algorithm>
#include <fstream>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "formats/numpy/numpy_array.hpp"
#include "formats/graph/readers.hpp"

namespace tern::formats {
namespace {

using Index = std::size_t;
using Json = nlohmann::json;

/// What PREFIX-G.json says of its nodes and links; links name places in the list of nodes.
struct Links {
  std::vector<std::string> id;  ///< as text, also where it is a number
  std::vector<std::uint8_t> validation, test;
  std::vector<std::int64_t> source, target;
};

/// Reads networkx's node-link JSON without keeping its tree: Reddit's would take many times the file.
class LinksReader : public nlohmann::json_sax<Json> {
 public:
  explicit LinksReader(Links& out) : out_(out) {}
  std::string reason;

  bool key(std::string& name) override {
    if (depth_ == 1) section_ = name;
    if (depth_ == 3) field_ = name;
    return true;
  }
  bool start_object(std::size_t) override {
    if (++depth_ == 3 && array_depth_ == 2) begin_item();
    return true;
  }
  bool end_object() override {
    if (depth_ == 3 && in_item_ && in_links() && (out_.source.back() < 0 || out_.target.back() < 0)) {
      reason = fmt::format("link {} lacks its source or target", out_.source.size() - 1);
      return false;
    }
    if (depth_-- == 3) in_item_ = false;
    return true;
  }
  bool start_array(std::size_t) override {
    if (++depth_ == 2) array_depth_ = 2;
    return true;
  }
  bool end_array() override {
    if (depth_-- == 2) array_depth_ = 0;
    return true;
  }
  bool boolean(bool value) override {
    if (!at_field() || !in_nodes()) return true;
    if (field_ == "val") out_.validation.back() = value;
    if (field_ == "test") out_.test.back() = value;
    return true;
  }
  bool number_integer(std::int64_t value) override { return number(value, std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) override {
    return number(static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX)),
                  std::to_string(value));
  }
  bool number_float(double, const std::string& text) override { return number(-1, text); }
  bool string(std::string& value) override { return number(-1, value); }
  bool null() override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool parse_error(std::size_t byte, const std::string&, const Json::exception&) override {
    reason = fmt::format("is no JSON at byte {}", byte);
    return false;
  }

 private:
  bool at_field() const { return depth_ == 3 && in_item_; }
  bool in_nodes() const { return array_depth_ == 2 && section_ == "nodes"; }
  bool in_links() const { return array_depth_ == 2 && section_ == "links"; }
  void begin_item() {
    in_item_ = true;
    if (in_nodes()) {
      out_.id.emplace_back();
      out_.validation.push_back(0);
      out_.test.push_back(0);
    }
    if (in_links()) {
      out_.source.push_back(-1);
      out_.target.push_back(-1);
    }
  }
  bool number(std::int64_t value, const std::string& text) {
    if (!at_field()) return true;
    if (in_nodes() && field_ == "id") out_.id.back() = text;
    if (in_links() && field_ == "source") out_.source.back() = value;
    if (in_links() && field_ == "target") out_.target.back() = value;
    return true;
  }

  Links& out_;
  int depth_ = 0, array_depth_ = 0;
  bool in_item_ = false;
  std::string section_, field_;
};

std::filesystem::path with_suffix(const std::filesystem::path& prefix, const char* suffix) {
  return prefix.string() + suffix;
}

Links read_links(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(ErrorKind::io, path.string(), "cannot open");
  Links out;
  LinksReader reader(out);
  if (!Json::sax_parse(file, &reader)) fail(ErrorKind::bad_data, path.string(), "{}", reader.reason);
  for (Index e = 0; e < out.source.size(); ++e)
    for (const std::int64_t place : {out.source[e], out.target[e]})
      if (place >= static_cast<std::int64_t>(out.id.size()))
        fail(ErrorKind::bad_data, path.string(), "link {}: node {} is not in 0 .. {}", e, place,
             static_cast<std::int64_t>(out.id.size()) - 1);
  return out;
}

Json read_map(const std::filesystem::path& path) {
  Json json = Json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) fail(ErrorKind::bad_data, path.string(), "expected a JSON object");
  return json;
}

/// Node of each id: 0 .. n-1, each once.
std::unordered_map<std::string, std::int32_t> read_ids(const std::filesystem::path& path) {
  std::unordered_map<std::string, std::int32_t> out;
  const Json json = read_map(path);
  std::vector<bool> taken(json.size());
  for (const auto& [id, node] : json.items()) {
    if (!node.is_number_integer() || node < 0 || node >= json.size() || taken[node.get<Index>()])
      fail(ErrorKind::bad_data, path.string(), "id '{}' is node {}, expected 0 .. {}, each once",
           id.substr(0, 40), node.dump().substr(0, 40), static_cast<std::int64_t>(json.size()) - 1);
    taken[node.get<Index>()] = true;
    out.emplace(id, node.get<std::int32_t>());
  }
  return out;
}

void read_classes(graph::GraphData& data, const std::filesystem::path& path,
                  const std::unordered_map<std::string, std::int32_t>& ids) {
  const Json json = read_map(path);
  const bool several = !json.empty() && json.front().is_array();
  if (several) data.num_classes = static_cast<std::int64_t>(json.front().size());
  (several ? data.multi_labels.resize(ids.size() * json.front().size(), 0)
           : data.labels.resize(ids.size(), -1));
  for (const auto& [id, label] : json.items()) {
    const auto found = ids.find(id);
    if (found == ids.end()) continue;
    const auto node = static_cast<Index>(found->second);
    if (label.is_array() != several ||
        (several && static_cast<std::int64_t>(label.size()) != data.num_classes))
      fail(ErrorKind::bad_data, path.string(), "the labels of '{}' are of another kind than those before",
           id.substr(0, 40));
    const auto value_of = [&](const Json& value) {
      constexpr int most_classes = 1 << 20;
      if (!value.is_number_integer() || value < 0 || value >= most_classes)
        fail(ErrorKind::bad_data, path.string(), "'{}' has label {}", id.substr(0, 40),
             value.dump().substr(0, 40));
      return value.get<std::int32_t>();
    };
    if (several) {
      for (Index c = 0; c < label.size(); ++c)
        data.multi_labels[node * label.size() + c] = value_of(label[c]) != 0 ? 1 : 0;
    } else {
      data.labels[node] = value_of(label);
      data.num_classes = std::max(data.num_classes, std::int64_t{data.labels[node]} + 1);
    }
  }
}

}  // namespace

graph::GraphData read_graphsage(const std::filesystem::path& prefix) {
  const auto ids = read_ids(with_suffix(prefix, "-id_map.json"));
  const Links links = read_links(with_suffix(prefix, "-G.json"));
  const auto nodes = static_cast<std::int64_t>(ids.size());
  graph::GraphData data;
  std::vector<std::int32_t> node_of(links.id.size(), -1);
  graph::Split split;
  for (Index i = 0; i < links.id.size(); ++i) {
    const auto found = ids.find(links.id[i]);
    if (found == ids.end()) continue;
    node_of[i] = found->second;
    (links.test[i] != 0         ? split.test
     : links.validation[i] != 0 ? split.validation
                                : split.train)
        .push_back(found->second);
  }
  graph::EdgeList edges{nodes, {}, {}, {}};
  for (Index e = 0; e < links.source.size(); ++e) {
    const std::int32_t u = node_of[static_cast<Index>(links.source[e])],
                       v = node_of[static_cast<Index>(links.target[e])];
    if (u < 0 || v < 0) continue;
    edges.source.push_back(u);
    edges.target.push_back(v);
  }
  data.graph = build_graph(edges, {}, prefix.string() + "-G.json");
  data.graph_offsets = {0, nodes};
  data.splits.push_back(std::move(split));
  read_classes(data, with_suffix(prefix, "-class_map.json"), ids);
  if (const auto path = with_suffix(prefix, "-feats.npy"); std::filesystem::is_regular_file(path)) {
    const NumpyArray array = read_npy(read_file(path), path.string());
    data.features.columns = array.extent(1);
    data.features.dense = floats(array, path.string());
  }
  check(data, prefix.string());
  return data;
}

}  // namespace tern::formats
