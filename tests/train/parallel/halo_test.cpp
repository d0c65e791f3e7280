#include "train/parallel/halo.hpp"

#include <cstring>

#include "base/seed.hpp"
#include "graph/build.hpp"
#include "train/parallel/ranks.hpp"

namespace tern::train {
namespace {

constexpr std::int64_t num_rows = 211;

graph::Graph random_graph(bool is_weighted) {
  graph::EdgeList edges;
  edges.num_nodes = num_rows;
  Rng rng(5);
  for (int i = 0; i < 1500; ++i) {
    edges.source.push_back(
        static_cast<std::int32_t>(rng.below(num_rows - 3)));  // the last rows have no edges
    edges.target.push_back(static_cast<std::int32_t>(rng.below(num_rows - 3)));
    if (is_weighted) edges.weight.push_back(static_cast<float>(rng.normal()));
  }
  return graph::build_graph(edges);
}

at::Tensor random_rows(std::int64_t f) {
  at::Tensor x = at::empty({num_rows, f});
  Rng rng(6);
  for (std::int64_t i = 0; i < x.numel(); ++i) x.data_ptr<float>()[i] = static_cast<float>(rng.normal());
  return x;
}

at::Tensor propagate_whole(const graph::Graph& graph, const at::Tensor& x, const graph::Scales& scales) {
  const auto data = [](const std::vector<float>& values) { return values.empty() ? nullptr : values.data(); };
  at::Tensor y = at::empty_like(x);
  const kernels::Csr a{num_rows, num_rows, graph.rowptr().data(), graph.col().data(),
                       graph.is_weighted() ? graph.weight().data() : nullptr};
  kernels::SpmmTerms terms;
  terms.row = data(scales.row);
  terms.column = data(scales.column);
  terms.self = data(scales.self);
  kernels::spmm(a, x.size(1), x.data_ptr<float>(), y.data_ptr<float>(), terms);
  return y;
}

at::Tensor take(const at::Tensor& x, const std::vector<std::int32_t>& rows) {
  return x.index_select(0, at::tensor(rows, at::kInt));
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && std::memcmp(a.data_ptr(), b.data_ptr(), a.nbytes()) == 0;
}

/// Three propagations on owned rows against the whole product.
bool agrees(ProcessGroup* group, const RowOwners& owners, bool is_weighted, std::int64_t f) {
  const int rank = group ? group->rank() : 0;
  const graph::Graph graph = random_graph(is_weighted);
  const graph::Scales scales =
      is_weighted ? graph::Scales{} : graph::scales_of(graph, graph::Normalisation::lgcn);
  const Halo halo(group, owners, take_rows(graph, owners, rank));
  const graph::Scales local = halo.local_scales(scales);
  at::Tensor whole = random_rows(f), owned = take(whole, owners.rows_of(rank));
  bool same = true;
  for (int layer = 0; layer < 3; ++layer) {
    whole = propagate_whole(graph, whole, scales);
    owned = halo.propagate_owned(owned, local);
    same = same && same_bits(owned, take(whole, owners.rows_of(rank)));
  }
  return same;
}

std::vector<std::int32_t> random_parts(int num_ranks) {
  std::vector<std::int32_t> owner;
  Rng rng(9);
  for (std::int64_t i = 0; i < num_rows; ++i)
    owner.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(num_ranks))));
  return owner;
}

const bool propagates = add_rank_body("propagates", [](ProcessGroup& group, std::ostream& out) {
  const int n = group.size();
  for (const bool is_weighted : {false, true})
    for (const std::int64_t f : {1, 17, 64}) {
      out << agrees(&group, RowOwners::blocks(num_rows, n), is_weighted, f);
      out << agrees(&group, RowOwners::parts(random_parts(n), n), is_weighted, f);
    }
  // One rank owns everything.
  out << agrees(&group, RowOwners::parts(std::vector<std::int32_t>(num_rows, n - 1), n), true, 8) << "\n";
});

/// A path 0 - 1 - 2 - 3 in two blocks: each rank needs one row of the other.
const bool path = add_rank_body("path", [](ProcessGroup& group, std::ostream& out) {
  const graph::Graph graph({0, 1, 3, 5, 6}, {1, 0, 2, 1, 3, 2});
  const RowOwners owners = RowOwners::blocks(4, 2);
  const Halo halo(&group, owners, take_rows(graph, owners, group.rank()));
  out << halo.num_owned() << " " << halo.num_halo() << " " << halo.num_sent() << ":";
  for (const std::int32_t column : halo.columns()) out << " " << column;
  const at::Tensor features = halo.exchange(at::full({2, 1}, 10 * (group.rank() + 1), at::kLong));
  for (std::int64_t i = 0; i < 3; ++i) out << " " << features[i][0].item<std::int64_t>();
  out << "\n";
});

const bool disagrees = add_rank_body("disagrees", [](ProcessGroup& group, std::ostream&) {
  const graph::Graph graph = random_graph(false);
  const RowOwners owners =
      group.rank() == 0 ? RowOwners::blocks(num_rows, 2) : RowOwners::parts(random_parts(2), 2);
  const Halo halo(&group, owners, take_rows(graph, owners, group.rank()));
});

TEST(Halo, EqualsTheWholeProductBitForBit) {
  for (const int size : {2, 3})
    for (const RankResult& result : run_ranks(size, "propagates")) EXPECT_EQ(result.out, "1111111111111\n");
}

TEST(Halo, OfASingleProcessIsEmpty) {
  EXPECT_TRUE(agrees(nullptr, RowOwners::blocks(num_rows, 1), true, 16));
  const graph::Graph graph = random_graph(false);
  const RowOwners owners = RowOwners::blocks(num_rows, 1);
  EXPECT_EQ(Halo(nullptr, owners, take_rows(graph, owners, 0)).num_halo(), 0);
}

TEST(Halo, AsksForEachRowOnce) {
  const auto results = run_ranks(2, "path");
  EXPECT_EQ(results[0].out, "2 1 1: 0 1 2 10 10 20\n");
  EXPECT_EQ(results[1].out, "2 1 1: 2 3 1 20 20 10\n");
}

TEST(Halo, RefusesRanksWithDifferentOwners) {
  bool is_named = false;
  for (const RankResult& result : run_ranks(2, "disagrees")) {
    EXPECT_EQ(result.code, 3);
    is_named = is_named || result.out.find("the ranks were given different owners") != std::string::npos;
  }
  EXPECT_TRUE(is_named);
}

TEST(Halo, RefusesMisuse) {
  const graph::Graph graph = random_graph(false);
  const RowOwners one = RowOwners::blocks(num_rows, 1);
  EXPECT_THROW(Halo(nullptr, RowOwners::blocks(num_rows, 2), take_rows(graph, one, 0)), Error);
  EXPECT_THROW(Halo(nullptr, one, OwnedRows{}), Error);
  const Halo halo(nullptr, one, take_rows(graph, one, 0));
  EXPECT_THROW(halo.propagate_owned(at::zeros({num_rows - 1, 4})), Error);
  EXPECT_THROW(halo.propagate_owned(at::zeros({num_rows, 4}, at::kDouble)), Error);
}

}  // namespace
}  // namespace tern::train
