#include "graph/graph_file.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#include "base/error.hpp"

namespace tern::graph {
namespace {

static_assert(std::endian::native == std::endian::little,
              "graph files are little-endian and mapped as they are");

constexpr char magic[8] = "TERNCSR";
constexpr std::uint32_t version = 1, weighted_flag = 1;
constexpr std::uint64_t header_bytes = 64;

struct Header {
  char magic[8];
  std::uint32_t version, flags;
  std::int64_t num_nodes, num_edges;
  std::uint64_t zeros[4];
};
static_assert(sizeof(Header) == header_bytes);

constexpr std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/// Where the arrays begin and where the file ends.
struct Layout {
  std::uint64_t col, weight, end;
};

Layout layout_of(std::int64_t num_nodes, std::int64_t num_edges, bool weighted) {
  const auto n = static_cast<std::uint64_t>(num_nodes), m = static_cast<std::uint64_t>(num_edges);
  const std::uint64_t rows_end = header_bytes + 8 * (n + 1);
  const std::uint64_t col = m > 0 ? aligned(rows_end) : rows_end;
  const std::uint64_t col_end = col + 4 * m;
  if (!weighted) return {col, col_end, col_end};
  const std::uint64_t weight = m > 0 ? aligned(col_end) : col_end;
  return {col, weight, weight + 4 * m};
}

}  // namespace

GraphFileWriter::GraphFileWriter(const std::filesystem::path& path, std::int64_t num_nodes,
                                 std::int64_t num_edges, bool weighted) {
  const Layout layout = layout_of(num_nodes, num_edges, weighted);
  file_ = MappedFile::create(path, layout.end);
  Header header{};
  std::memcpy(header.magic, magic, sizeof magic);
  header.version = version;
  header.flags = weighted ? weighted_flag : 0;
  header.num_nodes = num_nodes;
  header.num_edges = num_edges;
  std::memcpy(file_->writable(), &header, sizeof header);
  const auto m = static_cast<std::size_t>(num_edges);
  rowptr_ = file_->writable_array<std::int64_t>(header_bytes, static_cast<std::size_t>(num_nodes) + 1);
  col_ = file_->writable_array<std::int32_t>(layout.col, m);
  if (weighted) weight_ = file_->writable_array<float>(layout.weight, m);
}

void GraphFileWriter::release_edges(std::int64_t first, std::int64_t last) {
  const auto offset_of = [&](const void* p) {
    return static_cast<std::size_t>(static_cast<const std::byte*>(p) - file_->data());
  };
  const auto bytes = static_cast<std::size_t>(4 * (last - first));
  file_->release(offset_of(col_.data() + first), bytes);
  if (!weight_.empty()) file_->release(offset_of(weight_.data() + first), bytes);
}

void GraphFileWriter::commit(std::int64_t num_edges) {
  if (!weight_.empty() || num_edges < 1 || num_edges > static_cast<std::int64_t>(col_.size()))
    fail(ErrorKind::usage, file_->path().string(), "{} edges do not end a file made for {}", num_edges,
         col_.size());
  std::memcpy(file_->writable() + offsetof(Header, num_edges), &num_edges, sizeof num_edges);
  file_->commit(layout_of(static_cast<std::int64_t>(rowptr_.size()) - 1, num_edges, false).end);
}

void write_graph(const std::filesystem::path& path, const Graph& graph) {
  GraphFileWriter writer(path, graph.num_nodes(), graph.num_edges(), graph.is_weighted());
  std::copy(graph.rowptr().begin(), graph.rowptr().end(), writer.rowptr().begin());
  std::copy(graph.col().begin(), graph.col().end(), writer.col().begin());
  std::copy(graph.weight().begin(), graph.weight().end(), writer.weight().begin());
  writer.commit();
}

Graph map_graph(const std::filesystem::path& path) {
  const std::shared_ptr<MappedFile> file = MappedFile::open(path);
  const std::string place = path.string();
  Header header{};
  if (file->size() < sizeof header)
    fail(ErrorKind::bad_data, place, "{} bytes are no graph file", file->size());
  std::memcpy(&header, file->data(), sizeof header);
  if (std::memcmp(header.magic, magic, sizeof magic) != 0)
    fail(ErrorKind::bad_data, place, "is not a graph file: it does not begin with TERNCSR");
  if (header.version != version)
    fail(ErrorKind::unsupported, place, "graph file of version {}, this build reads {}", header.version,
         version);
  if (header.flags > weighted_flag) fail(ErrorKind::bad_data, place, "unknown flags {:#x}", header.flags);
  constexpr std::int64_t most_edges = std::int64_t{1} << 48;
  if (header.num_nodes < 0 || header.num_nodes > most_nodes || header.num_edges < 0 ||
      header.num_edges > most_edges)
    fail(ErrorKind::bad_data, place, "{} nodes and {} edges are not possible", header.num_nodes,
         header.num_edges);
  const bool weighted = header.flags == weighted_flag;
  const Layout layout = layout_of(header.num_nodes, header.num_edges, weighted);
  if (layout.end != file->size())
    fail(ErrorKind::bad_data, place, "{} nodes and {} edges take {} bytes, the file has {}", header.num_nodes,
         header.num_edges, layout.end, file->size());
  const auto m = static_cast<std::size_t>(header.num_edges);
  Graph graph(file, file->array<std::int64_t>(header_bytes, static_cast<std::size_t>(header.num_nodes) + 1),
              file->array<std::int32_t>(layout.col, m), file->array<float>(layout.weight, weighted ? m : 0),
              place);
  file->release(0, file->size());
  return graph;
}

}  // namespace tern::graph
