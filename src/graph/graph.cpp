#include "graph/graph.hpp"

#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/threads.hpp"

namespace tern::graph {
namespace {

constexpr std::int64_t zero_rows[1] = {0};

struct Arrays {
  std::vector<std::int64_t> rowptr;
  std::vector<std::int32_t> col;
  std::vector<float> weight;
};

}  // namespace

Graph::Graph() : rowptr_(zero_rows) {}

Graph::Graph(std::vector<std::int64_t> rowptr, std::vector<std::int32_t> col, std::vector<float> weight,
             std::string_view place) {
  auto arrays = std::make_shared<Arrays>(Arrays{std::move(rowptr), std::move(col), std::move(weight)});
  *this = Graph(arrays, arrays->rowptr, arrays->col, arrays->weight, place);
}

Graph::Graph(std::shared_ptr<const void> owner, std::span<const std::int64_t> rowptr,
             std::span<const std::int32_t> col, std::span<const float> weight, std::string_view place)
    : owner_(std::move(owner)), rowptr_(rowptr), col_(col), weight_(weight) {
  const auto nodes = static_cast<std::int64_t>(rowptr.size()) - 1;
  if (nodes > most_nodes)
    fail(ErrorKind::bad_data, place, "{} nodes: at most {} are possible", nodes, most_nodes);
  check_rows(rowptr, col, weight, nodes, place);
}

void check_rows(std::span<const std::int64_t> rowptr, std::span<const std::int32_t> col,
                std::span<const float> weight, std::int64_t num_columns, std::string_view place) {
  const auto edges = static_cast<std::int64_t>(col.size());
  if (rowptr.empty()) fail(ErrorKind::bad_data, place, "there are no row pointers");
  if (rowptr.front() != 0) fail(ErrorKind::bad_data, place, "rowptr[0] is {}, expected 0", rowptr.front());
  if (rowptr.back() != edges)
    fail(ErrorKind::bad_data, place, "the last row ends at {}, expected {} edges", rowptr.back(), edges);
  if (!weight.empty() && weight.size() != col.size())
    fail(ErrorKind::bad_data, place, "{} weights for {} edges", weight.size(), edges);
  const std::int64_t rows = static_cast<std::int64_t>(rowptr.size()) - 1;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto r = static_cast<std::size_t>(row);
    if (rowptr[r + 1] < rowptr[r] || rowptr[r + 1] > edges)
      fail(ErrorKind::bad_data, place, "row {} reaches from {} to {} of {} edges", row, rowptr[r],
           rowptr[r + 1], edges);
  }
  parallel_for(rows, 1 << 12, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      std::int32_t before = 0;
      for (auto e = static_cast<std::size_t>(rowptr[static_cast<std::size_t>(row)]);
           e < static_cast<std::size_t>(rowptr[static_cast<std::size_t>(row) + 1]); ++e) {
        if (col[e] < 0 || col[e] >= num_columns)
          fail(ErrorKind::bad_data, place, "edge {} of row {} points to {}, expected 0 .. {}", e, row, col[e],
               num_columns - 1);
        if (col[e] < before)
          fail(ErrorKind::bad_data, place, "row {} is not ascending: {} follows {}", row, col[e], before);
        if (!weight.empty() && !std::isfinite(weight[e]))
          fail(ErrorKind::bad_data, place, "the weight of edge {} in row {} is {}", e, row, weight[e]);
        before = col[e];
      }
    }
  });
}

}  // namespace tern::graph
