// Graphs as compressed sparse rows, in memory or mapped from disk.
//
// `graph` owns what is true of a graph without any network: its rows, how they are built, normalised,
// partitioned, reordered and generated. It knows nothing of files of other people, of kernels, or of
// training.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace tern::graph {

/// An immutable directed graph with optional edge weights; edge (u, v) lies in row u. Multiplied with
/// features, row u therefore sums over the nodes that u points to; undirected graphs hold each edge in both
/// rows.
///   rowptr  [num_nodes + 1], rowptr[0] = 0, never falling, rowptr[num_nodes] = num_edges
///   col     [num_edges], 0 <= col < num_nodes, ascending within a row (equal where edges are kept twice)
///   weight  [num_edges], finite; empty where every edge weighs 1
/// A node without edges has an empty row. Copies share the same memory; reading is safe from any thread.
class Graph {
 public:
  Graph();
  /// Takes the arrays. Errors: bad_data at `place` naming the row or edge that breaks a rule above.
  Graph(std::vector<std::int64_t> rowptr, std::vector<std::int32_t> col, std::vector<float> weight = {},
        std::string_view place = "graph");
  /// The same over memory that `owner` keeps alive (a mapped file).
  Graph(std::shared_ptr<const void> owner, std::span<const std::int64_t> rowptr,
        std::span<const std::int32_t> col, std::span<const float> weight, std::string_view place = "graph");

  std::int64_t num_nodes() const { return static_cast<std::int64_t>(rowptr_.size()) - 1; }
  /// Entries of `col`: an undirected edge between two nodes counts twice, a self loop once.
  std::int64_t num_edges() const { return static_cast<std::int64_t>(col_.size()); }
  std::span<const std::int64_t> rowptr() const { return rowptr_; }
  std::span<const std::int32_t> col() const { return col_; }
  std::span<const float> weight() const { return weight_; }
  bool is_weighted() const { return !weight_.empty(); }

  std::int64_t degree(std::int64_t node) const {
    return rowptr_[static_cast<std::size_t>(node) + 1] - rowptr_[static_cast<std::size_t>(node)];
  }
  std::span<const std::int32_t> neighbours(std::int64_t node) const {
    return col_.subspan(static_cast<std::size_t>(rowptr_[static_cast<std::size_t>(node)]),
                        static_cast<std::size_t>(degree(node)));
  }
  /// The weight of an edge by its place in `col`.
  float weight_of(std::int64_t edge) const {
    return weight_.empty() ? 1.0F : weight_[static_cast<std::size_t>(edge)];
  }

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::int64_t> rowptr_;
  std::span<const std::int32_t> col_;
  std::span<const float> weight_;
};

/// Most nodes of a graph: ids are 32-bit.
inline constexpr std::int64_t most_nodes = (std::int64_t{1} << 31) - 2;

/// Checks the rules of rows that hold columns 0 .. num_columns-1. Errors: bad_data at `place`.
void check_rows(std::span<const std::int64_t> rowptr, std::span<const std::int32_t> col,
                std::span<const float> weight, std::int64_t num_columns, std::string_view place);

}  // namespace tern::graph
