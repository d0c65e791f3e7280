#include <algorithm>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "formats/graph/pickle.hpp"
#include "formats/graph/readers.hpp"
#include "formats/graph/text_lines.hpp"

namespace tern::formats {
namespace {

using Index = std::size_t;
using graph::SparseMatrix;

/// One of the data set's files, read.
struct Part {
  std::string place;
  Pickle pickle;
};

Part read_part(const std::filesystem::path& folder, const std::string& name, const char* part) {
  const std::filesystem::path path = folder / ("ind." + name + "." + part);
  return {path.string(), read_pickle(read_file(path), path.string())};
}

/// Class of each row of a matrix of 0 and 1; -1 where no class is set.
std::vector<std::int32_t> classes_of(const Part& part, std::int64_t& num_classes) {
  const NumpyArray& array = array_of(*part.pickle.root, part.place);
  if (array.shape.size() != 2) fail(ErrorKind::bad_data, part.place, "expected a matrix of labels");
  num_classes = array.shape[1];
  const std::vector<std::int64_t> values = integers(array, part.place);
  std::vector<std::int32_t> out(static_cast<Index>(array.shape[0]), -1);
  for (Index row = 0; row < out.size(); ++row)
    for (std::int64_t c = 0; c < num_classes; ++c)
      if (values[row * static_cast<Index>(num_classes) + static_cast<Index>(c)] != 0)
        out[row] = static_cast<std::int32_t>(c);
  return out;
}

graph::EdgeList edges_of(const Part& part, std::int64_t num_nodes) {
  graph::EdgeList edges{num_nodes, {}, {}, {}};
  if (part.pickle.root->kind != PickleValue::Kind::dict)
    fail(ErrorKind::bad_data, part.place, "expected a dictionary");
  const auto node = [&](const PickleValue& value) {
    if (value.kind != PickleValue::Kind::integer || value.integer < 0 || value.integer >= num_nodes)
      fail(ErrorKind::bad_data, part.place, "edge {}: node {} is not in 0 .. {}", edges.source.size(),
           value.integer, num_nodes - 1);
    return static_cast<std::int32_t>(value.integer);
  };
  for (const auto& [key, neighbours] : part.pickle.root->pairs)
    for (const PickleValue* other : neighbours->items) {
      edges.source.push_back(node(*key));
      edges.target.push_back(node(*other));
    }
  return edges;
}

void append_row(SparseMatrix& to, const SparseMatrix& from, std::int64_t row) {
  for (std::int64_t e = from.rowptr[static_cast<Index>(row)]; e < from.rowptr[static_cast<Index>(row) + 1];
       ++e) {
    to.col.push_back(from.col[static_cast<Index>(e)]);
    to.value.push_back(from.value[static_cast<Index>(e)]);
  }
  to.rowptr.push_back(to.entries());
}

}  // namespace

graph::GraphData read_planetoid(const std::filesystem::path& folder, const std::string& name) {
  const Part allx = read_part(folder, name, "allx"), tx = read_part(folder, name, "tx"),
             y = read_part(folder, name, "y"), ally = read_part(folder, name, "ally"),
             ty = read_part(folder, name, "ty"), links = read_part(folder, name, "graph");
  const SparseMatrix known = sparse_of(*allx.pickle.root, allx.place),
                     test = sparse_of(*tx.pickle.root, tx.place);
  const std::filesystem::path index_path = folder / ("ind." + name + ".test.index");
  const std::vector<std::int64_t> order = read_integers(index_path);
  const std::string place = index_path.string();

  graph::GraphData data;
  std::int64_t test_classes = 0, train_classes = 0;
  const std::vector<std::int32_t> known_labels = classes_of(ally, data.num_classes),
                                  test_labels = classes_of(ty, test_classes);
  const auto num_train = static_cast<std::int64_t>(classes_of(y, train_classes).size());
  if (static_cast<std::int64_t>(order.size()) != test.rows ||
      static_cast<std::int64_t>(test_labels.size()) != test.rows)
    fail(ErrorKind::bad_data, place, "{} test ids for {} rows of features and {} of labels", order.size(),
         test.rows, test_labels.size());
  if (static_cast<std::int64_t>(known_labels.size()) != known.rows || known.columns != test.columns ||
      test_classes != data.num_classes || train_classes != data.num_classes || num_train > known.rows)
    fail(ErrorKind::bad_data, allx.place, "the files of this set contradict each other");

  // Rows of tx belong to the nodes of test.index, which follow those of allx; ids in between may be missing.
  const auto listed = static_cast<std::int64_t>(links.pickle.root->pairs.size());
  std::int64_t num_nodes = known.rows;
  for (const std::int64_t id : order) num_nodes = std::max(num_nodes, std::min(id, graph::most_nodes) + 1);
  if (num_nodes > listed) fail(ErrorKind::bad_data, place, "{} nodes, the graph lists {}", num_nodes, listed);
  std::vector<std::int64_t> row_of(static_cast<Index>(num_nodes - known.rows), -1);
  for (Index i = 0; i < order.size(); ++i) {
    if (order[i] < known.rows || row_of[static_cast<Index>(order[i] - known.rows)] >= 0)
      fail(ErrorKind::bad_data, place, "test node {} is no new node or listed twice", order[i]);
    row_of[static_cast<Index>(order[i] - known.rows)] = static_cast<std::int64_t>(i);
  }

  data.features.is_sparse = true;
  data.features.columns = known.columns;
  data.features.sparse = known;
  data.features.sparse.rows = num_nodes;
  data.labels = known_labels;
  graph::Split split;
  for (Index i = 0; i < row_of.size(); ++i) {
    const bool has_row = row_of[i] >= 0;
    if (has_row)
      append_row(data.features.sparse, test, row_of[i]);
    else
      data.features.sparse.rowptr.push_back(data.features.sparse.entries());
    data.labels.push_back(has_row ? test_labels[static_cast<Index>(row_of[i])] : -1);
    if (has_row) split.test.push_back(static_cast<std::int32_t>(known.rows + static_cast<std::int64_t>(i)));
  }
  constexpr std::int64_t validation_nodes = 500;
  for (std::int64_t i = 0; i < std::min(num_train + validation_nodes, known.rows); ++i)
    (i < num_train ? split.train : split.validation).push_back(static_cast<std::int32_t>(i));
  data.splits.push_back(std::move(split));
  data.graph = build_graph(edges_of(links, num_nodes), {}, links.place);
  data.graph_offsets = {0, num_nodes};
  check(data, (folder / ("ind." + name)).string());
  return data;
}

}  // namespace tern::formats
