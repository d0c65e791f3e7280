#include "graph/clustering_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;

template <typename Key>
double entropy(const std::map<Key, std::int64_t>& counts, double total) {
  double sum = 0;
  for (const auto& [key, count] : counts) {
    const double share = static_cast<double>(count) / total;
    sum -= share * std::log(share);
  }
  return sum;
}

/// Weights of a partition of the nodes.
struct Weights {
  std::vector<double> inside, degree;  ///< of each cluster
  double all = 0;
};

Weights weights_of(const Graph& graph, std::span<const std::int32_t> clusters) {
  if (static_cast<std::int64_t>(clusters.size()) != graph.num_nodes())
    fail(ErrorKind::usage, "clusters", "{} entries for {} nodes", clusters.size(), graph.num_nodes());
  std::int32_t largest = -1;
  for (const std::int32_t cluster : clusters) {
    if (cluster < 0) fail(ErrorKind::usage, "clusters", "expected numbers from 0, got {}", cluster);
    largest = std::max(largest, cluster);
  }
  Weights w{std::vector<double>(static_cast<Index>(largest + 1), 0.0),
            std::vector<double>(static_cast<Index>(largest + 1), 0.0)};
  for (Index u = 0; u < clusters.size(); ++u)
    for (std::int64_t e = graph.rowptr()[u]; e < graph.rowptr()[u + 1]; ++e) {
      const double weight = graph.weight_of(e);
      const std::int32_t other = clusters[static_cast<Index>(graph.col()[static_cast<Index>(e)])];
      w.degree[static_cast<Index>(clusters[u])] += weight;
      if (other == clusters[u]) w.inside[static_cast<Index>(other)] += weight;
      w.all += weight;
    }
  return w;
}

}  // namespace

ClusterAgreement cluster_agreement(std::span<const std::int32_t> labels,
                                   std::span<const std::int32_t> clusters) {
  if (labels.size() != clusters.size())
    fail(ErrorKind::usage, "clusters", "{} entries for {} labels", clusters.size(), labels.size());
  std::map<std::int32_t, std::int64_t> of_class, of_cluster;
  std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> joint;
  std::int64_t count = 0;
  for (Index i = 0; i < labels.size(); ++i) {
    if (labels[i] < -1 || clusters[i] < 0)
      fail(ErrorKind::usage, "clusters", "entry {}: label {} in cluster {}", i, labels[i], clusters[i]);
    if (labels[i] < 0) continue;
    ++of_class[labels[i]];
    ++of_cluster[clusters[i]];
    ++joint[{labels[i], clusters[i]}];
    ++count;
  }
  if (count == 0) return {};
  const double total = static_cast<double>(count);
  const double classes = entropy(of_class, total), parts = entropy(of_cluster, total),
               both = entropy(joint, total);
  const auto share = [&](double own, double other) {  // 1 - H(own | other) / H(own)
    return own <= 0 ? 1.0 : std::clamp(1 - (both - other) / own, 0.0, 1.0);
  };
  ClusterAgreement out{0, share(classes, parts), share(parts, classes)};
  const double sum = out.homogeneity + out.completeness;
  out.nmi = sum > 0 ? 2 * out.homogeneity * out.completeness / sum : 0;
  return out;
}

double modularity(const Graph& graph, std::span<const std::int32_t> clusters) {
  const Weights w = weights_of(graph, clusters);
  if (w.all <= 0) return 0;
  double sum = 0;
  for (Index c = 0; c < w.inside.size(); ++c)
    sum += w.inside[c] / w.all - w.degree[c] / w.all * (w.degree[c] / w.all);
  return sum;
}

double conductance(const Graph& graph, std::span<const std::int32_t> clusters) {
  const Weights w = weights_of(graph, clusters);
  double sum = 0;
  std::int64_t counted = 0;
  for (Index c = 0; c < w.inside.size(); ++c) {
    const double side = std::min(w.degree[c], w.all - w.degree[c]);
    if (side <= 0) continue;
    sum += (w.degree[c] - w.inside[c]) / side;
    ++counted;
  }
  return counted > 0 ? sum / static_cast<double>(counted) : 0;
}

}  // namespace tern::graph
