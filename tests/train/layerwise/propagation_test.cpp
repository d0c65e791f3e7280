#include "train/layerwise/propagation.hpp"

#include <filesystem>

#include "learn/testing.hpp"
#include "train/layerwise/toy_nodes.hpp"

namespace tern::train {
namespace {

namespace fs = std::filesystem;

at::Tensor dense_of(const graph::Graph& graph) {
  at::Tensor out = at::zeros({graph.num_nodes(), graph.num_nodes()});
  for (std::int32_t u = 0; u < graph.num_nodes(); ++u)
    for (std::int64_t e = graph.rowptr()[static_cast<std::size_t>(u)];
         e < graph.rowptr()[static_cast<std::size_t>(u) + 1]; ++e)
      out[u][graph.col()[static_cast<std::size_t>(e)]] += graph.weight_of(e);
  return out;
}

/// P = C^-1 (A + I) + I from its definition, C the column sums of A + I.
at::Tensor matrix_of(const graph::Graph& graph) {
  const at::Tensor eye = at::eye(graph.num_nodes()), a = dense_of(graph) + eye;
  return a / a.sum(0).unsqueeze(1) + eye;
}

at::Tensor features_of(const graph::GraphData& data) {
  return at::tensor(data.features.is_sparse ? graph::to_dense(data.features.sparse) : data.features.dense)
      .view({data.graph.num_nodes(), data.features.columns});
}

LayerInput view_of(const at::Tensor& x) {
  return LayerInput(RowMatrix::view(x.data_ptr<float>(), x.size(0), x.size(1)));
}

at::Tensor values_of(const LayerInput& x) {
  if (!x.is_sparse()) return x.dense().values();
  return at::tensor(graph::to_dense(x.sparse())).view({x.rows(), x.columns()});
}

TEST(Propagation, IsTheDenseProduct) {
  const graph::GraphData data = toy_nodes();
  const at::Tensor x = features_of(data);
  Propagation propagation(data.graph, {});
  const LayerInput once = propagation.run(view_of(x), "x");
  EXPECT_LT(learn::distance(values_of(once), at::mm(matrix_of(data.graph), x)), 1e-5);
  const LayerInput twice = propagation.run(once, "y");
  EXPECT_LT(learn::distance(values_of(twice), at::mm(matrix_of(data.graph), values_of(once))), 1e-5);
  EXPECT_EQ(propagation.count(), 2);
}

TEST(Propagation, WeightedAndDirected) {
  const graph::Graph graph({0, 2, 3, 3}, {1, 2, 2}, {0.5F, 2.0F, 0.25F});
  const at::Tensor x = learn::random({3, 5}, 1);
  Propagation propagation(graph, {});
  EXPECT_LT(learn::distance(values_of(propagation.run(view_of(x), "x")), at::mm(matrix_of(graph), x)), 1e-6);
}

TEST(Propagation, WithoutEdgesItDoubles) {
  const graph::Graph graph({0, 0, 0}, {});
  const at::Tensor x = learn::random({2, 3}, 1);
  Propagation propagation(graph, {});
  EXPECT_EQ(learn::distance(values_of(propagation.run(view_of(x), "x")), 2 * x), 0);
}

TEST(Propagation, SparseFeaturesGiveTheSameSparseOrDense) {
  for (const std::int64_t columns : {12, 600}) {
    ToyNodesOptions options;
    options.sparse = true;
    options.features = columns;
    options.noise = columns == 12 ? 1.5 : 0.8;
    options.degree = columns == 12 ? 30 : 1;
    const graph::GraphData data = toy_nodes(options);
    Propagation propagation(data.graph, {});
    const LayerInput got = propagation.run(LayerInput(&data.features.sparse), "x");
    EXPECT_EQ(got.is_sparse(), columns == 600);
    EXPECT_LT(learn::distance(values_of(got), at::mm(matrix_of(data.graph), features_of(data))), 1e-5);
    if (got.is_sparse()) graph::check(got.sparse(), "product");
  }
}

TEST(Propagation, SomeRowsAreThoseOfTheProduct) {
  ToyNodesOptions sparse;
  sparse.sparse = true;
  sparse.features = 600;
  sparse.degree = 1;
  sparse.noise = 0.8;
  const at::Tensor ids = at::tensor(std::vector<std::int64_t>{299, 0, 17, 16}, at::kLong);
  for (const graph::GraphData& data : {toy_nodes(), toy_nodes(sparse)}) {
    Propagation propagation(data.graph, {});
    const at::Tensor dense = features_of(data);
    const LayerInput x = data.features.is_sparse ? LayerInput(&data.features.sparse) : view_of(dense);
    const at::Tensor whole = values_of(propagation.run(x, "x"));
    EXPECT_TRUE(at::equal(values_of(propagation.rows(x, ids, "y")), whole.index_select(0, ids)));
    EXPECT_TRUE(at::equal(values_of(propagation.rows_apart(x, ids)), whole.index_select(0, ids)));
    EXPECT_EQ(propagation.count(), 2);
    EXPECT_EQ(propagation.rows(x, at::empty({0}, at::kLong), "none").rows(), 0);
  }
}

TEST(Propagation, MappedFeaturesGiveTheSameBitsBlockByBlock) {
  const std::int64_t columns = std::int64_t{1} << 18;  // 32 rows a block
  const graph::GraphData data = toy_nodes({40, 2, 1});
  const at::Tensor x = learn::random({40, columns}, 1);
  const fs::path folder = fs::temp_directory_path() / "tern-propagation-mapped";
  fs::remove_all(folder);
  graph::MappedMatrix file = graph::MappedMatrix::create(folder / "x.npy", 40, columns);
  std::memcpy(file.writable(), x.data_ptr<float>(), static_cast<std::size_t>(x.nbytes()));
  file.commit();
  {
    const graph::MappedMatrix mapped = graph::MappedMatrix::open(folder / "x.npy");
    Propagation in_memory(data.graph, {}), in_files(data.graph, folder);
    const LayerInput expected = in_memory.run(view_of(x), "y");
    const LayerInput got = in_files.run(LayerInput(RowMatrix::view(mapped)), "y");
    EXPECT_TRUE(at::equal(expected.dense().values(), got.dense().values()));
    const at::Tensor weight = learn::random({columns, 3}, 2);
    EXPECT_TRUE(at::equal(transform(expected, weight, true, {}, "z").values(),
                          transform(got, weight, true, folder, "z").values()));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "scratch files stay";
  fs::remove_all(folder);
}

}  // namespace
}  // namespace tern::train
