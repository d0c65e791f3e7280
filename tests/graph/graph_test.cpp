#include "graph/graph.hpp"

#include <limits>

#include "graph/random_graphs.hpp"

namespace tern::graph {
namespace {

using namespace testing;

TEST(Graph, EmptyHasNoNodes) {
  EXPECT_EQ(Graph().num_nodes(), 0);
  EXPECT_EQ(Graph().num_edges(), 0);
  EXPECT_EQ(Graph({0, 0, 0}, {}).num_nodes(), 2);
}

TEST(Graph, CopiesShareTheirArrays) {
  const Graph a({0, 2, 3}, {0, 1, 0}, {1, 2, 3});
  const Graph b = a;
  EXPECT_EQ(a.col().data(), b.col().data());
  EXPECT_EQ(b.degree(0), 2);
  EXPECT_EQ(b.weight_of(2), 3.0F);
  EXPECT_EQ(row_of(b, 1), (std::vector<std::int32_t>{0}));
}

TEST(Graph, ContradictionsAreNamed) {
  const auto message = [](std::vector<std::int64_t> rowptr, std::vector<std::int32_t> col,
                          std::vector<float> weight = {}) {
    const Error error = error_of([&] { Graph(rowptr, col, weight, "g"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    EXPECT_EQ(error.place(), "g");
    return error.message();
  };
  EXPECT_EQ(message({}, {}), "there are no row pointers");
  EXPECT_EQ(message({1, 1}, {0}), "rowptr[0] is 1, expected 0");
  EXPECT_EQ(message({0, 2}, {0}), "the last row ends at 2, expected 1 edges");
  EXPECT_EQ(message({0, 2, 1}, {0}), "row 0 reaches from 0 to 2 of 1 edges");
  EXPECT_EQ(message({0, 1, 0, 1}, {0}), "row 1 reaches from 1 to 0 of 1 edges");
  EXPECT_EQ(message({0, 1, 2}, {0, 2}), "edge 1 of row 1 points to 2, expected 0 .. 1");
  EXPECT_EQ(message({0, 1, 2}, {-1, 1}), "edge 0 of row 0 points to -1, expected 0 .. 1");
  EXPECT_EQ(message({0, 2, 2}, {1, 0}), "row 0 is not ascending: 0 follows 1");
  EXPECT_EQ(message({0, 1}, {0}, {1, 2}), "2 weights for 1 edges");
  EXPECT_EQ(message({0, 1}, {0}, {std::numeric_limits<float>::infinity()}),
            "the weight of edge 0 in row 0 is inf");
}

}  // namespace
}  // namespace tern::graph
