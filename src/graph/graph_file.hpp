// The file of a graph: its three arrays as they lie in memory, so that opening one costs nothing.
//
// Little-endian; every array begins at a multiple of 64 bytes, gaps are zero:
//   0   "TERNCSR" and a zero byte     8   version (uint32, 1)     12  flags (uint32; 1: weights follow)
//   16  num_nodes (int64)             24  num_edges (int64)       32  zeros
//   64  rowptr int64 [num_nodes + 1], then col int32 [num_edges], then weight float32 [num_edges] if flagged
// The file ends with its last array.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "graph/graph.hpp"
#include "graph/mapped_file.hpp"

namespace tern::graph {

/// Writes the file, whole or not at all. Errors: io.
void write_graph(const std::filesystem::path& path, const Graph& graph);

/// The graph in a file, mapped: pages are read when used and may be dropped again by the system. The file may
/// be hostile: header, size and every row and column are checked (this reads the file once and gives its
/// memory back). It must not be changed while in use. Errors: io, bad_data.
Graph map_graph(const std::filesystem::path& path);

/// A graph file to be filled in place: set every rowptr and column (and weight), then commit(). Nothing is
/// checked here.
class GraphFileWriter {
 public:
  GraphFileWriter(const std::filesystem::path& path, std::int64_t num_nodes, std::int64_t num_edges,
                  bool weighted);
  std::span<std::int64_t> rowptr() { return rowptr_; }
  std::span<std::int32_t> col() { return col_; }
  std::span<float> weight() { return weight_; }
  /// Writes pages of `col` (and weights) of these edges out of this process's memory.
  void release_edges(std::int64_t first, std::int64_t last);
  void commit() { file_->commit(); }
  /// The same where only the first `num_edges` edges of an unweighted file were needed. Errors: usage.
  void commit(std::int64_t num_edges);

 private:
  std::shared_ptr<MappedFile> file_;
  std::span<std::int64_t> rowptr_;
  std::span<std::int32_t> col_;
  std::span<float> weight_;
};

}  // namespace tern::graph
