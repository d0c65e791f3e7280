#include "train/graph/cluster_partition.hpp"

#include <cstring>
#include <sstream>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"

namespace tern::train {
namespace {

template <typename T>
std::string_view bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

std::string header_of(const graph::Partition& partition) {
  return fmt::format("tern-partition 1 {} {} {} {}\n", partition.method, partition.part.size(),
                     partition.num_parts,
                     to_hex(fnv1a_64(bytes_of(std::span<const std::int32_t>(partition.part)))));
}

std::filesystem::path file_of(const graph::Graph& graph, std::int64_t num_parts,
                              const graph::PartitionOptions& o, const std::filesystem::path& folder) {
  // What `automatic` gives depends on the build.
  const std::string settings =
      fmt::format("{} {} {} {} {} {} {}", to_hex(checksum(graph)), num_parts, static_cast<int>(o.method),
                  o.seed, o.imbalance, o.metis_memory_bytes, graph::has_metis());
  return folder / fmt::format("partition-{}.bin", to_hex(fnv1a_64(settings)));
}

/// False for anything but a whole file of a partition of that graph.
bool read_kept(const std::filesystem::path& path, const graph::Graph& graph, graph::Partition& out) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  const std::string bytes = read_file(path);
  const std::size_t end = bytes.find('\n');
  const auto nodes = static_cast<std::size_t>(graph.num_nodes());
  if (end == std::string::npos || bytes.size() - end - 1 != nodes * sizeof(std::int32_t)) return false;
  out.part.resize(nodes);
  std::memcpy(out.part.data(), bytes.data() + end + 1, nodes * sizeof(std::int32_t));
  std::istringstream words(bytes.substr(0, end));
  std::string magic, version;
  words >> magic >> version >> out.method;
  if (header_of(out) != std::string_view(bytes).substr(0, end + 1)) return false;
  try {
    graph::assess(graph, out);
  } catch (const Error&) {
    return false;
  }
  return true;
}

}  // namespace

std::uint64_t checksum(const graph::Graph& graph) {
  const std::uint64_t rows = fnv1a_64(bytes_of(graph.rowptr()));
  return fnv1a_64(bytes_of(graph.weight()), fnv1a_64(bytes_of(graph.col()), rows));
}

graph::Partition kept_partition(const graph::Graph& graph, std::int64_t num_parts,
                                const graph::PartitionOptions& options, const std::filesystem::path& folder,
                                bool* was_kept) {
  const std::filesystem::path path = folder.empty() ? folder : file_of(graph, num_parts, options, folder);
  graph::Partition found;
  found.num_parts = num_parts;
  const bool hit = !path.empty() && read_kept(path, graph, found);
  if (was_kept != nullptr) *was_kept = hit;
  if (hit) return found;
  graph::Partition made = graph::partition(graph, num_parts, options);
  if (!path.empty())
    write_file_atomically(path,
                          header_of(made) + std::string(bytes_of(std::span<const std::int32_t>(made.part))));
  return made;
}

}  // namespace tern::train
