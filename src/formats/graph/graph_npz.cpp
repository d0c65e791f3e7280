#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "formats/archive.hpp"
#include "formats/graph/pickle.hpp"
#include "formats/graph/readers.hpp"
#include "formats/graph/text_lines.hpp"
#include "graph/transform.hpp"

namespace tern::formats {
namespace {

using Index = std::size_t;
using graph::GraphData;
using graph::SparseMatrix;

/// The arrays of a file by name, without ".npy".
class Npz {
 public:
  explicit Npz(const std::filesystem::path& path) : path_(path.string()) {
    for_each_file(path, [&](const std::string& name, std::string bytes) {
      const std::string key = name.ends_with(".npy") ? name.substr(0, name.size() - 4) : name;
      arrays_.insert_or_assign(key, read_npy(bytes, place(key)));
    });
  }
  bool has(const std::string& name) const { return arrays_.contains(name); }
  std::string place(const std::string& name) const { return path_ + ": " + name; }
  const std::string& path() const { return path_; }
  const NumpyArray& get(const std::string& name) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end()) fail(ErrorKind::bad_data, path_, "has no array '{}'", name);
    return found->second;
  }
  std::vector<std::int64_t> integers(const std::string& name) const {
    return formats::integers(get(name), place(name));
  }
  std::vector<std::int32_t> integers_32(const std::string& name) const {
    return formats::integers_32(get(name), place(name));
  }
  std::vector<float> floats(const std::string& name) const { return formats::floats(get(name), place(name)); }

  /// PREFIX_indptr, _indices, _shape and _data where it is there.
  SparseMatrix sparse(const std::string& prefix) const {
    const std::vector<std::int64_t> shape = integers(prefix + "_shape");
    if (shape.size() != 2) fail(ErrorKind::bad_data, place(prefix + "_shape"), "expected two extents");
    SparseMatrix out{shape[0], shape[1], integers(prefix + "_indptr"), integers_32(prefix + "_indices"), {}};
    if (has(prefix + "_data")) out.value = floats(prefix + "_data");
    return sorted_rows(std::move(out), place(prefix));
  }
  /// An array of objects, and what keeps them.
  Pickle pickle(const std::string& name) const {
    const NumpyArray& array = get(name);
    if (array.type != "O") fail(ErrorKind::bad_data, place(name), "expected an array of objects");
    return read_pickle(array.bytes, place(name));
  }

 private:
  std::string path_;
  std::map<std::string, NumpyArray> arrays_;
};

/// [m, 2] pairs.
graph::EdgeList edges_of(const Npz& file, std::int64_t num_nodes) {
  const NumpyArray& array = file.get("edges");
  if (array.shape.size() != 2 || array.shape[1] != 2)
    fail(ErrorKind::bad_data, file.place("edges"), "expected pairs");
  const std::vector<std::int32_t> pairs = file.integers_32("edges");
  graph::EdgeList out{num_nodes, {}, {}, {}};
  for (Index e = 0; e < pairs.size(); e += 2) {
    out.source.push_back(pairs[e]);
    out.target.push_back(pairs[e + 1]);
  }
  return out;
}

/// The pattern of a square matrix: weights of published adjacencies count edges and are not used.
graph::EdgeList edges_of(const SparseMatrix& matrix, std::string_view place) {
  if (matrix.rows != matrix.columns)
    fail(ErrorKind::bad_data, place, "an adjacency of {} by {}", matrix.rows, matrix.columns);
  graph::EdgeList out{matrix.rows, {}, {}, {}};
  out.target = matrix.col;
  for (Index row = 0; row < static_cast<Index>(matrix.rows); ++row)
    out.source.insert(out.source.end(), static_cast<Index>(matrix.rowptr[row + 1] - matrix.rowptr[row]),
                      static_cast<std::int32_t>(row));
  return out;
}

void set_labels(GraphData& data, std::vector<std::int32_t> labels) {
  data.labels = std::move(labels);
  data.num_classes =
      data.labels.empty() ? 0 : std::int64_t{*std::max_element(data.labels.begin(), data.labels.end())} + 1;
}

void set_sparse(GraphData& data, SparseMatrix matrix) {
  data.features.is_sparse = true;
  data.features.columns = matrix.columns;
  data.features.sparse = std::move(matrix);
}

GraphData read_plain(const Npz& file, const graph::BuildOptions& options) {
  GraphData data;
  set_sparse(data, file.sparse("feat"));
  data.graph = build_graph(edges_of(file, data.features.sparse.rows), options, file.place("edges"));
  set_labels(data, file.integers_32("labels"));
  if (file.has("train_idx"))
    data.splits.push_back(
        {file.integers_32("train_idx"), file.integers_32("val_idx"), file.integers_32("test_idx")});
  return data;
}

/// The nodes that a row of masks [splits, nodes] marks.
std::vector<std::int32_t> marked(const std::vector<std::int64_t>& masks, Index split, Index nodes) {
  std::vector<std::int32_t> out;
  for (Index i = 0; i < nodes; ++i)
    if (masks[split * nodes + i] != 0) out.push_back(static_cast<std::int32_t>(i));
  return out;
}

GraphData read_heterophilous(const Npz& file, const graph::BuildOptions& options) {
  GraphData data;
  const NumpyArray& features = file.get("node_features");
  if (features.shape.size() != 2) fail(ErrorKind::bad_data, file.place("node_features"), "expected a matrix");
  data.features.columns = features.shape[1];
  data.features.dense = file.floats("node_features");
  data.graph = build_graph(edges_of(file, features.shape[0]), options, file.place("edges"));
  set_labels(data, file.integers_32("node_labels"));
  const auto nodes = static_cast<Index>(features.shape[0]);
  const std::vector<std::int64_t> train = file.integers("train_masks"),
                                  validation = file.integers("val_masks"), test = file.integers("test_masks");
  const Index splits = nodes == 0 ? 0 : train.size() / nodes;
  if (train.size() != splits * nodes || validation.size() != train.size() || test.size() != train.size())
    fail(ErrorKind::bad_data, file.path(), "masks of {}, {} and {} values for {} nodes", train.size(),
         validation.size(), test.size(), nodes);
  for (Index s = 0; s < splits; ++s)
    data.splits.push_back({marked(train, s, nodes), marked(validation, s, nodes), marked(test, s, nodes)});
  return data;
}

GraphData read_shchur(const Npz& file, const graph::BuildOptions& options) {
  GraphData data;
  data.graph = build_graph(edges_of(file.sparse("adj"), file.place("adj")), options, file.place("adj"));
  if (file.has("attr_indptr")) {
    set_sparse(data, file.sparse("attr"));
  } else {
    const NumpyArray& features = file.get("attr_matrix");
    data.features.columns = features.extent(1);
    data.features.dense = file.floats("attr_matrix");
  }
  set_labels(data, file.integers_32("labels"));
  return data;
}

GraphData read_pickled(const Npz& file, const graph::BuildOptions& options) {
  const auto matrix = [&](const std::string& name) {
    const Pickle pickle = file.pickle(name);
    const auto objects = objects_of(*pickle.root, file.place(name));
    if (objects.size() != 1)
      fail(ErrorKind::bad_data, file.place(name), "{} objects, expected one matrix", objects.size());
    return sparse_of(*objects[0], file.place(name));
  };
  GraphData data;
  data.graph = build_graph(edges_of(matrix("adj_matrix"), file.place("adj_matrix")), options,
                           file.place("adj_matrix"));
  set_sparse(data, matrix("node_attr"));
  set_labels(data, file.integers_32("node_label"));
  return data;
}

/// Three parts of many graphs; features are a matrix a graph, classes one-hot.
GraphData read_benchmark(const Npz& file, const graph::BuildOptions& options) {
  GraphData data;
  std::vector<graph::Graph> graphs;
  data.splits.emplace_back();
  graph::Split& split = data.splits.front();
  const std::pair<const char*, std::vector<std::int32_t>*> parts[] = {
      {"tr", &split.train}, {"val", &split.validation}, {"te", &split.test}};
  for (const auto& [part, ids] : parts) {
    const std::string adjacency = std::string(part) + "_adj", feature = std::string(part) + "_feat",
                      label = std::string(part) + "_class";
    const Pickle adjacencies = file.pickle(adjacency), features = file.pickle(feature);
    const auto matrices = objects_of(*adjacencies.root, file.place(adjacency)),
               rows = objects_of(*features.root, file.place(feature));
    const std::vector<float> classes = file.floats(label);
    data.num_classes = file.get(label).extent(1);
    if (matrices.size() != rows.size() ||
        classes.size() != matrices.size() * static_cast<Index>(data.num_classes))
      fail(ErrorKind::bad_data, file.place(adjacency), "{} graphs, {} features and {} classes",
           matrices.size(), rows.size(), classes.size());
    for (Index k = 0; k < matrices.size(); ++k) {
      graphs.push_back(
          build_graph(edges_of(sparse_of(*matrices[k], file.place(adjacency)), file.place(adjacency)),
                      options, file.place(adjacency)));
      const NumpyArray& array = array_of(*rows[k], file.place(feature));
      if (array.shape.size() != 2 || array.shape[0] != graphs.back().num_nodes() ||
          (data.features.columns != 0 && array.shape[1] != data.features.columns))
        fail(ErrorKind::bad_data, file.place(feature), "the features of graph {} do not fit it", k);
      data.features.columns = array.shape[1];
      const std::vector<float> values = floats(array, file.place(feature));
      data.features.dense.insert(data.features.dense.end(), values.begin(), values.end());
      const auto first =
          classes.begin() + static_cast<std::ptrdiff_t>(k * static_cast<Index>(data.num_classes));
      data.graph_labels.push_back(
          static_cast<std::int32_t>(std::max_element(first, first + data.num_classes) - first));
      ids->push_back(static_cast<std::int32_t>(graphs.size()) - 1);
    }
  }
  graph::Batched batch = block_diagonal(graphs);
  data.graph = std::move(batch.graph);
  data.graph_offsets = std::move(batch.offsets);
  return data;
}

}  // namespace

GraphData read_graph_npz(const std::filesystem::path& path, const graph::BuildOptions& options) {
  const Npz file(path);
  GraphData data;
  if (file.has("tr_adj"))
    data = read_benchmark(file, options);
  else if (file.has("feat_indptr"))
    data = read_plain(file, options);
  else if (file.has("node_features"))
    data = read_heterophilous(file, options);
  else if (file.has("adj_indptr"))
    data = read_shchur(file, options);
  else if (file.has("adj_matrix"))
    data = read_pickled(file, options);
  else
    fail(ErrorKind::unsupported, path.string(),
         "none of the known kinds: no edges, adj_indptr, adj_matrix or tr_adj");
  if (data.graph_offsets.size() == 1) data.graph_offsets = {0, data.graph.num_nodes()};
  check(data, path.string());
  return data;
}

}  // namespace tern::formats
