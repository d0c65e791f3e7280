#include "compress/structure/prune_channels.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// By group: whether every producer is among the weights asked for.
std::vector<char> allowed_groups(const ChannelGraph& graph, const std::vector<std::string>& weights) {
  std::vector<char> allowed(graph.groups().size(), 1);
  if (weights.empty()) return allowed;
  const std::set<std::string_view> names(weights.begin(), weights.end());
  for (std::size_t g = 0; g < allowed.size(); ++g)
    for (const auto producer : graph.groups()[g].producers)
      if (!names.count(graph.net().nodes()[producer].name + ".weight")) allowed[g] = 0;
  return allowed;
}

/// "conv1 (and 6 more)".
std::string name_group(const ChannelGraph& graph, const ChannelGroup& group) {
  const std::string& first = graph.net().nodes()[group.producers.front()].name;
  if (group.producers.size() == 1) return first;
  return fmt::format("{} (and {} more)", first, group.producers.size() - 1);
}

std::vector<std::string> describe(const ChannelGraph& graph, const ChannelMarks& marks) {
  std::vector<std::string> notes;
  for (const auto& group : graph.groups()) {
    const auto gone = std::count_if(group.channels.begin(), group.channels.end(),
                                    [&](std::int64_t channel) { return marks[static_cast<std::size_t>(channel)] != 0; });
    if (gone > 0)
      notes.push_back(fmt::format("{}: {} of {} channels removed", name_group(graph, group), gone, group.channels.size()));
  }
  for (const auto node : graph.rigid_nodes())
    notes.push_back(fmt::format("{}: a {} reads neighbouring channels or whole shapes; those it reads and writes stay",
                                graph.net().nodes()[node].name, graph.net().nodes()[node].op));
  return notes;
}

}  // namespace

Removal prune_channels(learn::Model& model, const ChannelPruning& pruning, const Samples* samples, learn::Loss loss,
                       std::uint64_t seed) {
  const ChannelCriterionRow& criterion = find_channel_criterion(pruning.criterion);
  if (criterion.needs_samples && (!samples || samples->empty()))
    fail(ErrorKind::usage, "plan", "channels: '{}' needs data", pruning.criterion);
  check_unquantized(model);
  const ChannelGraph graph(model.net());
  const auto scores = criterion.score({model, graph, samples, loss, seed});
  ChannelBudget budget = pruning.budget;
  budget.relative = criterion.relative;
  const ChannelMarks marks = choose_channels(graph, scores, budget, allowed_groups(graph, pruning.weights));
  Removal removal = remove_channels(model, graph, marks);
  auto notes = describe(graph, marks);
  const net::NetTotals before = net::totals(model.net()), after = net::totals(removal.model.net());
  notes.push_back(fmt::format("channels: {} of {} MACs and {} of {} parameters are left", after.macs_per_step,
                              before.macs_per_step, after.parameters, before.parameters));
  removal.notes.insert(removal.notes.begin(), notes.begin(), notes.end());
  return removal;
}

void check_channel_pruning(const learn::Model& model, const ChannelPruning& pruning) {
  check_unquantized(model);
  const ChannelGraph graph(model.net());
  const std::vector<double> equal(static_cast<std::size_t>(graph.num_coupled()), 1.0);
  choose_channels(graph, equal, pruning.budget, allowed_groups(graph, pruning.weights));
}

}  // namespace tern::compress
