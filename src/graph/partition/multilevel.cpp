#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "base/seed.hpp"
#include "graph/partition/partitioners.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;

/// A level: nodes weigh what they stand for, edges how many of the original ones they hold. The finest one
/// reads the graph itself; the others own what they read.
struct Level {
  std::span<const std::int64_t> rowptr;
  std::span<const std::int32_t> col;
  std::vector<std::int64_t> own_rowptr{0};
  std::vector<std::int32_t> own_col, edge_weight;  ///< edge_weight: empty where every edge weighs 1
  std::vector<std::int32_t> node_weight;           ///< empty where every node weighs 1
  std::vector<std::int32_t> cluster;               ///< of each node: its node on the next level

  std::int64_t nodes() const { return static_cast<std::int64_t>(rowptr.size()) - 1; }
  std::int64_t weight_of_node(Index u) const { return node_weight.empty() ? 1 : node_weight[u]; }
  std::int64_t weight_of_edge(Index e) const { return edge_weight.empty() ? 1 : edge_weight[e]; }
};

/// Sums by label for one node at a time: only labels that were touched are cleared.
class LabelSums {
 public:
  explicit LabelSums(std::int64_t labels) : sum_(static_cast<Index>(labels), 0) {}
  void add(std::int32_t label, std::int64_t weight) {
    if (sum_[static_cast<Index>(label)] == 0) touched_.push_back(label);
    sum_[static_cast<Index>(label)] += weight;
  }
  std::int64_t operator[](std::int32_t label) const { return sum_[static_cast<Index>(label)]; }
  const std::vector<std::int32_t>& touched() const { return touched_; }
  void clear() {
    for (const std::int32_t label : touched_) sum_[static_cast<Index>(label)] = 0;
    touched_.clear();
  }

 private:
  std::vector<std::int64_t> sum_;
  std::vector<std::int32_t> touched_;
};

/// Each node moves to the label that holds most of its edges, where that label stays within `capacity`; nodes
/// alone in a label move where they like, the last node of a label stays if `keep_last`.
void propagate_labels(const Level& level, std::vector<std::int32_t>& label, std::int64_t labels,
                      std::int64_t capacity, int rounds, bool keep_last, Rng& rng) {
  std::vector<std::int64_t> load(static_cast<Index>(labels), 0), members(static_cast<Index>(labels), 0);
  for (Index u = 0; u < label.size(); ++u) {
    load[static_cast<Index>(label[u])] += level.weight_of_node(u);
    ++members[static_cast<Index>(label[u])];
  }
  LabelSums sums(labels);
  for (int round = 0; round < rounds; ++round) {
    std::int64_t moves = 0;
    for (const std::int64_t node : permutation(level.nodes(), rng)) {
      const auto u = static_cast<Index>(node);
      const std::int32_t own = label[u];
      const std::int64_t weight = level.weight_of_node(u);
      if (keep_last && members[static_cast<Index>(own)] == 1) continue;
      for (auto e = static_cast<Index>(level.rowptr[u]); e < static_cast<Index>(level.rowptr[u + 1]); ++e)
        sums.add(label[static_cast<Index>(level.col[e])], level.weight_of_edge(e));
      // An overfull label lets its nodes go at a loss.
      const bool overfull = load[static_cast<Index>(own)] > capacity;
      std::int32_t best = own;
      std::int64_t best_sum = overfull ? -1 : sums[own];
      for (const std::int32_t other : sums.touched()) {
        if (other == own || load[static_cast<Index>(other)] + weight > capacity) continue;
        const bool lighter = load[static_cast<Index>(other)] + weight < load[static_cast<Index>(best)];
        if (sums[other] > best_sum || (sums[other] == best_sum && lighter))
          best = other, best_sum = sums[other];
      }
      sums.clear();
      if (best == own) continue;
      load[static_cast<Index>(own)] -= weight;
      load[static_cast<Index>(best)] += weight;
      --members[static_cast<Index>(own)];
      ++members[static_cast<Index>(best)];
      label[u] = best;
      ++moves;
    }
    if (moves * 200 < level.nodes()) return;
  }
}

/// Numbers the labels in use 0, 1, .. and returns how many there are.
std::int64_t compact(std::vector<std::int32_t>& label, std::int64_t labels) {
  std::vector<std::int32_t> number(static_cast<Index>(labels), -1);
  std::int32_t count = 0;
  for (std::int32_t& l : label) {
    std::int32_t& n = number[static_cast<Index>(l)];
    if (n < 0) n = count++;
    l = n;
  }
  return count;
}

Level contract(const Level& fine, std::int64_t clusters) {
  Level out;
  out.node_weight.assign(static_cast<Index>(clusters), 0);
  std::vector<std::vector<std::int32_t>> members(static_cast<Index>(clusters));
  for (Index u = 0; u < fine.cluster.size(); ++u) {
    out.node_weight[static_cast<Index>(fine.cluster[u])] += static_cast<std::int32_t>(fine.weight_of_node(u));
    members[static_cast<Index>(fine.cluster[u])].push_back(static_cast<std::int32_t>(u));
  }
  LabelSums sums(clusters);
  for (std::int32_t c = 0; c < clusters; ++c) {
    for (const std::int32_t node : members[static_cast<Index>(c)])
      for (auto e = static_cast<Index>(fine.rowptr[static_cast<Index>(node)]);
           e < static_cast<Index>(fine.rowptr[static_cast<Index>(node) + 1]); ++e)
        if (const std::int32_t other = fine.cluster[static_cast<Index>(fine.col[e])]; other != c)
          sums.add(other, fine.weight_of_edge(e));
    for (const std::int32_t other : sums.touched()) {
      out.own_col.push_back(other);
      out.edge_weight.push_back(static_cast<std::int32_t>(sums[other]));
    }
    sums.clear();
    out.own_rowptr.push_back(static_cast<std::int64_t>(out.own_col.size()));
  }
  out.rowptr = out.own_rowptr;
  out.col = out.own_col;
  return out;
}

/// Fills part after part with what is reached breadth first from the first free node.
std::vector<std::int32_t> grow_parts(const Level& level, std::int64_t num_parts) {
  std::int64_t total = 0;
  for (Index u = 0; u < static_cast<Index>(level.nodes()); ++u) total += level.weight_of_node(u);
  std::vector<std::int32_t> part(static_cast<Index>(level.nodes()), -1), queue;
  std::int64_t assigned = 0, next_free = 0, open = 0;
  Index head = 0;
  for (std::int64_t p = 0; p < num_parts; ++p) {
    // A part takes its share of what is left, so that rounding does not pile up in the last one.
    const std::int64_t share = (total - assigned + (num_parts - p) - 1) / (num_parts - p);
    std::int64_t load = 0;
    queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(head));
    head = 0;
    while (load < share) {
      std::int32_t node = -1;
      while (head < queue.size() && node < 0)
        if (const std::int32_t candidate = queue[head++]; part[static_cast<Index>(candidate)] < 0)
          node = candidate;
      while (node < 0 && next_free < level.nodes())
        if (part[static_cast<Index>(next_free++)] < 0) node = static_cast<std::int32_t>(next_free - 1);
      if (node < 0) break;
      const std::int64_t weight = level.weight_of_node(static_cast<Index>(node));
      // Rather too little than too much, once something is in it.
      if (load > 0 && p + 1 < num_parts && load + weight - share > share - load) {
        next_free = std::min<std::int64_t>(next_free, node);
        break;
      }
      part[static_cast<Index>(node)] = static_cast<std::int32_t>(p);
      load += weight;
      for (auto e = static_cast<Index>(level.rowptr[static_cast<Index>(node)]);
           e < static_cast<Index>(level.rowptr[static_cast<Index>(node) + 1]); ++e)
        if (part[static_cast<Index>(level.col[e])] < 0) queue.push_back(level.col[e]);
    }
    assigned += load;
    open = p;
  }
  for (std::int32_t& p : part)
    if (p < 0) p = static_cast<std::int32_t>(open);
  return part;
}

/// Moves nodes from parts above capacity to the lightest ones, neighbours' parts first where they have room.
void balance(const Level& level, std::vector<std::int32_t>& part, std::int64_t num_parts,
             std::int64_t capacity) {
  std::vector<std::int64_t> load(static_cast<Index>(num_parts), 0);
  for (Index u = 0; u < part.size(); ++u) load[static_cast<Index>(part[u])] += level.weight_of_node(u);
  std::vector<std::int32_t> by_load(static_cast<Index>(num_parts));
  std::iota(by_load.begin(), by_load.end(), 0);
  std::sort(by_load.begin(), by_load.end(), [&](std::int32_t a, std::int32_t b) {
    return load[static_cast<Index>(a)] < load[static_cast<Index>(b)];
  });
  Index lightest = 0;
  for (Index u = 0; u < part.size(); ++u) {
    const auto own = static_cast<Index>(part[u]);
    const std::int64_t weight = level.weight_of_node(u);
    if (load[own] <= capacity) continue;
    std::int32_t to = -1;
    for (auto e = static_cast<Index>(level.rowptr[u]); e < static_cast<Index>(level.rowptr[u + 1]) && to < 0;
         ++e)
      if (const std::int32_t other = part[static_cast<Index>(level.col[e])];
          load[static_cast<Index>(other)] + weight <= capacity)
        to = other;
    while (to < 0 && lightest < by_load.size())
      if (load[static_cast<Index>(by_load[lightest])] + weight <= capacity)
        to = by_load[lightest];
      else
        ++lightest;
    if (to < 0) return;
    load[own] -= weight;
    load[static_cast<Index>(to)] += weight;
    part[u] = to;
  }
}

}  // namespace

std::vector<std::int32_t> multilevel_parts(const Graph& graph, std::int64_t num_parts,
                                           const PartitionOptions& options) {
  constexpr std::int64_t coarse_nodes_a_part = 30;
  constexpr int cluster_rounds = 3, refine_rounds = 6;
  Rng rng(derive_seed(options.seed, "multilevel"));
  std::vector<Level> levels(1);
  Level& first = levels.front();
  first.rowptr = graph.rowptr();
  first.col = graph.col();
  const double mean = static_cast<double>(graph.num_nodes()) / static_cast<double>(num_parts);
  const auto capacity = std::max<std::int64_t>(static_cast<std::int64_t>(mean * options.imbalance),
                                               static_cast<std::int64_t>(std::ceil(mean)));
  const std::int64_t cluster_limit = std::max<std::int64_t>(1, static_cast<std::int64_t>(mean / 8));

  while (levels.back().nodes() > coarse_nodes_a_part * num_parts) {
    Level& fine = levels.back();
    fine.cluster.resize(static_cast<Index>(fine.nodes()));
    std::iota(fine.cluster.begin(), fine.cluster.end(), 0);
    propagate_labels(fine, fine.cluster, fine.nodes(), cluster_limit, cluster_rounds, false, rng);
    const std::int64_t clusters = compact(fine.cluster, fine.nodes());
    if (clusters < num_parts || clusters * 20 > fine.nodes() * 19) break;
    Level coarse = contract(fine, clusters);
    levels.push_back(std::move(coarse));
  }

  std::vector<std::int32_t> part = grow_parts(levels.back(), num_parts);
  for (Index depth = levels.size(); depth-- > 0;) {
    if (depth + 1 < levels.size()) {
      std::vector<std::int32_t> finer(static_cast<Index>(levels[depth].nodes()));
      for (Index u = 0; u < finer.size(); ++u) finer[u] = part[static_cast<Index>(levels[depth].cluster[u])];
      part = std::move(finer);
    }
    balance(levels[depth], part, num_parts, capacity);
    propagate_labels(levels[depth], part, num_parts, capacity, refine_rounds, true, rng);
  }
  balance(levels.front(), part, num_parts, capacity);
  fill_empty_parts(part, num_parts);
  return part;
}

}  // namespace tern::graph
