#include "data/graphs/graph_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/seed.hpp"
#include "formats/graph/readers.hpp"
#include "graph/block_model.hpp"
#include "graph/graph_file.hpp"
#include "graph/mapped_matrix.hpp"

namespace tern::data::graphs {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_missing(const GraphDataOptions& o) {
  const std::string wanted = find_graph_set(o.name).layout;
  if (o.path.empty()) fail(ErrorKind::usage, "--path", "data set '{}' needs its folder: {}", o.name, wanted);
  if (!fs::exists(o.path))
    fail(ErrorKind::usage, o.path.string(), "no such file or folder; expected {}", wanted);
  fail(ErrorKind::usage, o.path.string(), "data set '{}' is not here; expected {}", o.name, wanted);
}

/// Names of the published .npz files of a set.
std::vector<std::string> npz_names(const std::string& set) {
  if (set == "cora" || set == "citeseer" || set == "pubmed") return {"planetoid_" + set, set};
  if (set == "amazon-computers") return {"amazon_cs", "amazon_electronics_computers"};
  if (set == "amazon-photo") return {"amazon_photo", "amazon_electronics_photo"};
  if (set == "coauthor-cs") return {"coauthor_cs", "ms_academic_cs"};
  if (set == "coauthor-physics") return {"coauthor_phy", "ms_academic_phy"};
  if (set == "chameleon" || set == "squirrel") return {set + "_filtered"};
  if (set == "bench-hard") return {"hard_small", "hard"};
  if (set == "bench-easy") return {"easy_small", "easy"};
  std::string name = set;
  std::replace(name.begin(), name.end(), '-', '_');
  return {name};
}

/// The .npz file of a set, empty where there is none.
fs::path find_npz(const GraphDataOptions& o) {
  if (fs::is_regular_file(o.path)) return o.path;
  for (const std::string& name : npz_names(o.name))
    if (const fs::path file = o.path / (name + ".npz"); fs::is_regular_file(file)) return file;
  return {};
}

std::string without_marks(std::string text) {
  std::erase_if(text, [](char c) { return c == '-' || c == '_'; });
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// A file in `folder` (or in its sub-folder of the set's name) called NAME + `ending`, whatever the case of
/// NAME and its dashes; any NAME for set "small-graphs". Returns folder and NAME, or an empty folder.
std::pair<fs::path, std::string> find_named(const fs::path& folder, const std::string& set,
                                            const std::string& ending) {
  const bool any = set == "small-graphs";
  const auto look = [&](const fs::path& in) -> std::string {
    for (const auto& entry : fs::directory_iterator(in)) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with(ending) || !entry.is_regular_file()) continue;
      const std::string stem = name.substr(0, name.size() - ending.size());
      if (any || without_marks(stem) == without_marks(set)) return stem;
    }
    return {};
  };
  if (!fs::is_directory(folder)) return {};
  if (std::string name = look(folder); !name.empty()) return {folder, name};
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && without_marks(entry.path().filename().string()) == without_marks(set))
      if (std::string name = look(entry.path()); !name.empty()) return {entry.path(), name};
  return {};
}

/// A folder that vanishes with this object.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(fs::temp_directory_path() / fmt::format("tern-block-model-{}-{}", ::getpid(), counter_++)) {
    fs::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  static inline int counter_ = 0;
  fs::path path_;
};

}  // namespace

graph::GraphData planetoid(const GraphDataOptions& o) {
  if (fs::is_regular_file(o.path / ("ind." + o.name + ".graph")))
    return formats::read_planetoid(o.path, o.name);
  return npz(o);
}

graph::GraphData npz(const GraphDataOptions& o) {
  const fs::path file = find_npz(o);
  if (file.empty()) fail_missing(o);
  return formats::read_graph_npz(file);
}

graph::GraphData musae(const GraphDataOptions& o) {
  if (!fs::is_regular_file(o.path / (o.name + "_edges.csv"))) fail_missing(o);
  return formats::read_musae(o.path, o.name);
}

graph::GraphData small_graphs(const GraphDataOptions& o) {
  if (fs::is_regular_file(o.path)) return formats::read_gin(o.path);
  if (const auto [folder, name] = find_named(o.path, o.name, "_A.txt"); !folder.empty())
    return formats::read_tu(folder, name);
  const auto [folder, name] = find_named(o.path, o.name, ".txt");
  if (folder.empty()) fail_missing(o);
  return formats::read_gin(folder / (name + ".txt"));
}

graph::GraphData graphsage(const GraphDataOptions& o) {
  if (!fs::is_regular_file(o.path / (o.name + "-G.json"))) fail_missing(o);
  return formats::read_graphsage(o.path / o.name);
}

graph::GraphData open_benchmark(const GraphDataOptions& o) {
  if (!fs::is_directory(o.path / "raw")) fail_missing(o);
  return formats::read_ogb(o.path);
}

graph::GraphData edge_list(const GraphDataOptions& o) {
  if (!fs::is_regular_file(o.path)) fail_missing(o);
  graph::GraphData data = formats::read_edge_list(o.path);
  return data;
}

graph::GraphData block_model(const GraphDataOptions& o) {
  const TemporaryFolder folder;
  graph::BlockModelOptions options;
  options.num_nodes = o.num_nodes;
  options.num_edges = o.num_edges;
  options.num_blocks = o.num_classes;
  options.seed = o.seed;
  const fs::path graph_file = folder.path() / "graph.csr", feature_file = folder.path() / "features.npy";
  graph::GraphData data;
  data.labels = graph::write_block_model(graph_file, options);
  // The file is gone when we return; what is mapped stays.
  data.graph = graph::map_graph(graph_file);
  data.graph_offsets = {0, data.graph.num_nodes()};
  data.num_classes = o.num_classes;
  constexpr double signal = 0.5;
  graph::write_block_features(feature_file, data.labels, o.num_features, signal,
                              derive_seed(o.seed, "features"));
  const graph::MappedMatrix features = graph::MappedMatrix::open(feature_file);
  data.features.columns = o.num_features;
  data.features.dense.assign(features.data(), features.data() + features.rows() * features.columns());
  return data;
}

}  // namespace tern::data::graphs
