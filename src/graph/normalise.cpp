#include "graph/normalise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/registry.hpp"
#include "graph/transform.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;

constexpr std::array<std::pair<Normalisation, std::string_view>, 8> names{{
    {Normalisation::sum, "sum"},
    {Normalisation::symmetric, "symmetric"},
    {Normalisation::gcn, "gcn"},
    {Normalisation::gcn_identity, "gcn-identity"},
    {Normalisation::row, "row"},
    {Normalisation::row_self, "row-self"},
    {Normalisation::diagonal, "diagonal"},
    {Normalisation::lgcn, "lgcn"},
}};

std::vector<double> row_sums(const Graph& graph) {
  std::vector<double> out(static_cast<Index>(graph.num_nodes()), 0.0);
  for (Index u = 0; u < out.size(); ++u)
    for (std::int64_t e = graph.rowptr()[u]; e < graph.rowptr()[u + 1]; ++e) out[u] += graph.weight_of(e);
  return out;
}

std::vector<double> column_sums(const Graph& graph) {
  std::vector<double> out(static_cast<Index>(graph.num_nodes()), 0.0);
  for (std::int64_t e = 0; e < graph.num_edges(); ++e)
    out[static_cast<Index>(graph.col()[static_cast<Index>(e)])] += graph.weight_of(e);
  return out;
}

std::vector<double> diagonal(const Graph& graph) {
  std::vector<double> out(static_cast<Index>(graph.num_nodes()), 0.0);
  for (Index u = 0; u < out.size(); ++u)
    for (std::int64_t e = graph.rowptr()[u]; e < graph.rowptr()[u + 1]; ++e)
      if (graph.col()[static_cast<Index>(e)] == static_cast<std::int32_t>(u)) out[u] += graph.weight_of(e);
  return out;
}

double inverse(double value) {
  return value > 0 ? 1 / value : 0;
}

template <typename Function>
std::vector<float> each(const std::vector<double>& values, const Function& function) {
  std::vector<float> out(values.size());
  for (Index i = 0; i < values.size(); ++i) out[i] = static_cast<float>(function(values[i]));
  return out;
}

}  // namespace

std::string_view name_of(Normalisation normalisation) {
  for (const auto& [value, name] : names)
    if (value == normalisation) return name;
  return "?";
}

Normalisation normalisation_named(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& [value, text] : names) {
    if (text == name) return value;
    known.emplace_back(text);
  }
  fail_unknown("normalisation", name, known);
}

Scales scales_of(const Graph& graph, Normalisation normalisation, double lambda) {
  const auto root = [](double d) { return std::sqrt(inverse(d)); };
  const auto root_plus = [](double d) { return std::sqrt(inverse(d + 1)); };
  const auto one_over_plus = [](double d) { return inverse(d + 1); };
  Scales out;
  switch (normalisation) {
    case Normalisation::sum:
      break;
    case Normalisation::symmetric:
      out.row = each(row_sums(graph), root);
      out.column = out.row;
      break;
    case Normalisation::gcn:
    case Normalisation::gcn_identity: {
      const double identity = normalisation == Normalisation::gcn_identity ? 1 : 0;
      const std::vector<double> degrees = row_sums(graph);
      out.row = each(degrees, root_plus);
      out.column = out.row;
      out.self = each(degrees, [&](double d) { return inverse(d + 1) + identity; });
      break;
    }
    case Normalisation::row:
      out.row = each(row_sums(graph), [](double d) { return 1 / std::max(1.0, d); });
      break;
    case Normalisation::row_self:
      out.row = each(row_sums(graph), one_over_plus);
      out.self = out.row;
      break;
    case Normalisation::diagonal: {
      const std::vector<double> degrees = row_sums(graph), own = diagonal(graph);
      out.row = each(degrees, one_over_plus);
      out.self.resize(degrees.size());
      for (Index u = 0; u < degrees.size(); ++u)
        out.self[u] = static_cast<float>((1 + lambda * (1 + own[u])) * inverse(degrees[u] + 1));
      break;
    }
    case Normalisation::lgcn: {
      const std::vector<double> sums = column_sums(graph);
      out.row = each(sums, one_over_plus);
      out.self = each(sums, [](double d) { return inverse(d + 1) + 1; });
      break;
    }
  }
  return out;
}

Graph apply_scales(const Graph& graph, const Scales& scales) {
  const Graph source = scales.self.empty() ? graph : with_self_loops(graph);
  std::vector<std::int64_t> rowptr(source.rowptr().begin(), source.rowptr().end());
  std::vector<std::int32_t> col(source.col().begin(), source.col().end());
  std::vector<float> weight(col.size());
  for (Index u = 0; u + 1 < rowptr.size(); ++u) {
    const float row = scales.row.empty() ? 1.0F : scales.row[u];
    const auto end = static_cast<Index>(rowptr[u + 1]);
    bool own = !scales.self.empty();
    // A loop that with_self_loops added carries nothing of A.
    const auto before = graph.neighbours(static_cast<std::int64_t>(u));
    const bool added = own && before.size() < end - static_cast<Index>(rowptr[u]);
    for (auto e = static_cast<Index>(rowptr[u]); e < end; ++e) {
      const auto v = static_cast<Index>(col[e]);
      const float a = v == u && added ? 0.0F : source.weight_of(static_cast<std::int64_t>(e));
      weight[e] = row * a * (scales.column.empty() ? 1.0F : scales.column[v]);
      if (own && v == u) weight[e] += scales.self[u], own = false;
    }
  }
  return Graph(std::move(rowptr), std::move(col), std::move(weight));
}

Graph normalise(const Graph& graph, Normalisation normalisation, double lambda) {
  return apply_scales(graph, scales_of(graph, normalisation, lambda));
}

}  // namespace tern::graph
