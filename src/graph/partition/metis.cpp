#include "graph/partition/partitioners.hpp"

#ifdef TERN_WITH_METIS
#include <limits>

#include <fmt/format.h>
#include <metis.h>
#endif

namespace tern::graph {

#ifdef TERN_WITH_METIS

bool has_metis() {
  return true;
}

bool metis_parts(const Graph& graph, std::int64_t num_parts, const PartitionOptions& options,
                 std::vector<std::int32_t>& part, std::string& reason) {
  // The width of idx_t is a choice of whoever compiled METIS; with 32 bits, edges must fit too.
  constexpr auto most = std::numeric_limits<idx_t>::max();
  if (graph.num_edges() > most || graph.num_nodes() > most) {
    reason = fmt::format("{} edges exceed METIS's {}-bit indices", graph.num_edges(), 8 * sizeof(idx_t));
    return false;
  }
  if (graph.num_edges() == 0) {
    reason = "the graph has no edges";
    return false;
  }
  std::vector<idx_t> rows(graph.rowptr().begin(), graph.rowptr().end()),
      columns(graph.col().begin(), graph.col().end());
  std::vector<idx_t> parts(static_cast<std::size_t>(graph.num_nodes()), -1);
  auto nodes = static_cast<idx_t>(graph.num_nodes()), count = static_cast<idx_t>(num_parts),
       constraints = idx_t{1}, cut = idx_t{0};
  idx_t settings[METIS_NOPTIONS];
  METIS_SetDefaultOptions(settings);
  settings[METIS_OPTION_SEED] = static_cast<idx_t>(options.seed % static_cast<std::uint64_t>(most));
  settings[METIS_OPTION_NUMBERING] = 0;
  const double thousandths = (options.imbalance - 1) * 1000;  // METIS's unit of allowed imbalance
  settings[METIS_OPTION_UFACTOR] = static_cast<idx_t>(thousandths < 1     ? 1
                                                      : thousandths > 1e6 ? 1e6
                                                                          : thousandths + 0.5);
  const int code = METIS_PartGraphKway(&nodes, &constraints, rows.data(), columns.data(), nullptr, nullptr,
                                       nullptr, &count, nullptr, nullptr, settings, &cut, parts.data());
  if (code != METIS_OK) {
    reason = fmt::format("METIS failed with code {}", code);
    return false;
  }
  std::vector<bool> used(static_cast<std::size_t>(num_parts), false);
  part.clear();
  for (const idx_t p : parts) {
    if (p < 0 || p >= count) {
      reason = fmt::format("METIS left node {} without a part", part.size());
      return false;
    }
    used[static_cast<std::size_t>(p)] = true;
    part.push_back(static_cast<std::int32_t>(p));
  }
  std::int64_t empty = 0;
  for (const bool u : used) empty += !u;
  if (empty * 20 > num_parts) {
    reason = fmt::format("METIS left {} of {} parts empty", empty, num_parts);
    return false;
  }
  if (empty > 0) fill_empty_parts(part, num_parts);
  return true;
}

#else

bool has_metis() {
  return false;
}

bool metis_parts(const Graph&, std::int64_t, const PartitionOptions&, std::vector<std::int32_t>&,
                 std::string& reason) {
  reason = "this build has no METIS";
  return false;
}

#endif

}  // namespace tern::graph
