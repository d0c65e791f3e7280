#include "graph/reorder.hpp"

#include <algorithm>

#include "graph/random_graphs.hpp"
#include "graph/statistics.hpp"
#include "graph/transform.hpp"

namespace tern::graph {
namespace {

using namespace testing;

void expect_permutation(std::vector<std::int32_t> ids) {
  std::sort(ids.begin(), ids.end());
  for (std::size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], static_cast<std::int32_t>(i));
}

TEST(ReverseCuthillMckee, StraightensAShuffledPath) {
  Rng rng(1);
  const auto order = permutation(200, rng);
  EdgeList edges{200, {}, {}, {}};
  for (std::size_t i = 0; i + 1 < 200; ++i) {
    edges.source.push_back(static_cast<std::int32_t>(order[i]));
    edges.target.push_back(static_cast<std::int32_t>(order[i + 1]));
  }
  const Graph path = build_graph(edges);
  const auto new_id = reverse_cuthill_mckee(path);
  expect_permutation(new_id);
  EXPECT_EQ(mean_distance(relabel(path, new_id)), 1);
}

TEST(ReverseCuthillMckee, IsAPermutationOfAnyGraph) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Graph graph = build_graph(random_edges(50, static_cast<std::int64_t>(seed) * 12, seed));
    expect_permutation(reverse_cuthill_mckee(graph));
  }
  EXPECT_TRUE(reverse_cuthill_mckee(Graph()).empty());
}

TEST(ReverseCuthillMckee, NarrowsAShuffledGrid) {
  Rng rng(3);
  const auto order = permutation(900, rng);
  EdgeList edges{900, {}, {}, {}};
  for (std::int64_t y = 0; y < 30; ++y)
    for (std::int64_t x = 0; x < 30; ++x)
      for (const auto& [u, v] : {std::pair{x + 1, y}, {x, y + 1}})
        if (u < 30 && v < 30) {
          edges.source.push_back(static_cast<std::int32_t>(order[at(30 * y + x)]));
          edges.target.push_back(static_cast<std::int32_t>(order[at(30 * v + u)]));
        }
  const Graph grid = build_graph(edges);
  EXPECT_GT(mean_distance(grid), 200);
  EXPECT_LT(mean_distance(relabel(grid, reverse_cuthill_mckee(grid))), 30);
}

TEST(OrderByPart, PutsPartsOneAfterAnother) {
  EXPECT_EQ(order_by_part(std::vector<std::int32_t>{2, 0, 1, 0, 2}, 3),
            (std::vector<std::int32_t>{3, 0, 2, 1, 4}));
  EXPECT_EQ(error_of([] { order_by_part(std::vector<std::int32_t>{0, 3}, 3); }).kind(), ErrorKind::usage);
}

TEST(ReorderRows, FollowsTheNodes) {
  const std::vector<float> src{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(reorder_rows(src, 2, std::vector<std::int32_t>{2, 0, 1}), (std::vector<float>{3, 4, 5, 6, 1, 2}));
  EXPECT_EQ(error_of([&] {
              reorder_rows(src, 2, std::vector<std::int32_t>{0, 1});
            }).kind(),
            ErrorKind::usage);
}

}  // namespace
}  // namespace tern::graph
