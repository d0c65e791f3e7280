#include "graph/sparse_matrix.hpp"

#include "graph/graph_data.hpp"
#include "graph/random_graphs.hpp"

namespace tern::graph {
namespace {

using namespace testing;

TEST(SparseMatrix, DenseAndBack) {
  const std::vector<float> dense{0, 2, 0, 0, 0, 0, -1, 0, 3, 0, 0, 4};
  const SparseMatrix sparse = to_sparse(4, 3, dense);
  check(sparse, "m");
  EXPECT_EQ(sparse.entries(), 4);
  EXPECT_EQ(to_dense(sparse), dense);
}

TEST(SparseMatrix, TransposeFollowsEntries) {
  const std::vector<float> dense{0, 2, 0, 0, 0, 0, -1, 0, 3, 0, 0, 4};
  const SparseMatrix sparse = to_sparse(4, 3, dense);
  const TransposedMatrix t = transpose(sparse);
  check(t.matrix, "t");
  const std::vector<float> other = to_dense(t.matrix);
  for (std::size_t r = 0; r < 4; ++r)
    for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(other[c * 4 + r], dense[r * 3 + c]);
  for (std::size_t e = 0; e < 4; ++e) EXPECT_EQ(t.matrix.value[e], sparse.value[at(t.entry[e])]);
}

TEST(SparseMatrix, CanonicaliseSortsAndAdds) {
  SparseMatrix matrix{2, 4, {0, 4, 5}, {3, 1, 3, 0}, {1, 2, 5, 4}};
  matrix.col.push_back(2);
  matrix.value.push_back(9);
  canonicalise(matrix);
  check(matrix, "m");
  EXPECT_EQ(matrix.col, (std::vector<std::int32_t>{0, 1, 3, 2}));
  EXPECT_EQ(matrix.value, (std::vector<float>{4, 2, 6, 9}));
  EXPECT_EQ(matrix.rowptr, (std::vector<std::int64_t>{0, 3, 4}));
}

TEST(SparseMatrix, RowsSumToOneWhereTheyHaveASum) {
  SparseMatrix matrix{3, 3, {0, 2, 2, 4}, {0, 1, 0, 2}, {1, 3, 1, -1}};
  normalise_rows(matrix);
  EXPECT_EQ(matrix.value, (std::vector<float>{0.25F, 0.75F, 1, -1}));
  SparseMatrix ones{1, 4, {0, 4}, {0, 1, 2, 3}, {}};
  normalise_rows(ones);
  EXPECT_EQ(ones.value, std::vector<float>(4, 0.25F));
}

TEST(SparseMatrix, ContradictionsAreRefused) {
  const auto kind = [](const SparseMatrix& m) { return error_of([&] { check(m, "m"); }).kind(); };
  EXPECT_EQ(kind({2, 3, {0, 1}, {0}, {}}), ErrorKind::bad_data);
  EXPECT_EQ(kind({1, 3, {0, 1}, {3}, {}}), ErrorKind::bad_data);
  EXPECT_EQ(kind({-1, 3, {0}, {}, {}}), ErrorKind::bad_data);
}

TEST(GraphDataCheck, NamesWhatDoesNotFit) {
  GraphData data;
  data.graph = build_graph({4, {0, 2}, {1, 3}, {}});
  data.graph_offsets = {0, 2, 4};
  data.graph_labels = {0, 1};
  data.num_classes = 2;
  check(data, "d");
  const auto message = [&](const std::function<void(GraphData&)>& change) {
    GraphData other = data;
    change(other);
    return error_of([&] { check(other, "d"); }).message();
  };
  EXPECT_EQ(message([](GraphData& d) { d.graph_offsets = {0, 3}; }), "the graphs do not cover the 4 nodes");
  EXPECT_EQ(message([](GraphData& d) {
              d.graph_offsets = {0, 9, 4};
            }),
            "a graph begins before the one in front of it");
  EXPECT_EQ(message([](GraphData& d) {
              d.graph_offsets = {0, 1, 4};
            }),
            "node 0 of graph 0 has an edge into another graph");
  EXPECT_EQ(message([](GraphData& d) { d.graph_labels = {0, 2}; }), "graph 1 has class 2, expected -1 .. 1");
  EXPECT_EQ(message([](GraphData& d) { d.labels = {0}; }), "1 node labels, expected 4");
  EXPECT_EQ(message([](GraphData& d) { d.features.columns = 2; }), "0 feature values, expected 4 by 2");
  EXPECT_EQ(message([](GraphData& d) {
              d.splits.push_back({{0, 2}, {}, {}});
            }),
            "a split holds 2, expected 0 .. 1");
}

}  // namespace
}  // namespace tern::graph
