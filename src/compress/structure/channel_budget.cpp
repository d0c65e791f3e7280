#include "compress/structure/channel_budget.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "compress/structure/channel_costs.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Channels of one group that go together.
struct Lot {
  double key;
  std::size_t group;
  std::vector<std::int64_t> channels;
};

double score_of(const std::vector<double>& scores, std::int64_t channel) { return scores[static_cast<std::size_t>(channel)]; }

/// Mean of the finite scores; 1 where there is none or it is zero.
double mean_score(const std::vector<std::int64_t>& channels, const std::vector<double>& scores) {
  double sum = 0;
  std::int64_t count = 0;
  for (const auto channel : channels)
    if (std::isfinite(score_of(scores, channel))) sum += score_of(scores, channel), ++count;
  return sum > 0 ? sum / static_cast<double>(count) : 1.0;
}

/// The group's lots: the first leaves a multiple of `round`, the last channels that may go leave `round`.
void add_lots(std::vector<Lot>& lots, std::size_t index, std::vector<std::int64_t> channels,
              const std::vector<double>& scores, const ChannelBudget& budget) {
  std::stable_sort(channels.begin(), channels.end(), [&](std::int64_t a, std::int64_t b) {
    return score_of(scores, a) < score_of(scores, b);
  });
  const double mean = budget.relative ? mean_score(channels, scores) : 1.0;
  const auto count = static_cast<std::int64_t>(channels.size());
  std::int64_t begin = 0;
  std::int64_t end = count % budget.round == 0 ? budget.round : count % budget.round;
  for (; count - end >= budget.round; begin = end, end += budget.round) {
    Lot lot{0, index, {channels.begin() + begin, channels.begin() + end}};
    for (const auto channel : lot.channels) lot.key += score_of(scores, channel);
    lot.key /= mean * static_cast<double>(end - begin);
    if (std::isinf(lot.key)) return;
    if (!budget.global) lot.key = (0.5 * static_cast<double>(begin + end)) / static_cast<double>(count);
    lots.push_back(std::move(lot));
  }
}

/// What the budget counts, as a fraction that has to fall to `limit`.
struct Meter {
  Meter(const ChannelBudget& budget, const ChannelCosts& start)
      : kind(budget.kind), limit(kind == ChannelBudgetKind::ratio ? 1.0 - budget.target : budget.target),
        whole(static_cast<double>(amount(start))) {}
  std::int64_t amount(const ChannelCosts& costs) const {
    if (kind == ChannelBudgetKind::macs) return costs.macs_per_step();
    if (kind == ChannelBudgetKind::parameters) return costs.parameters();
    return costs.removable_outputs() - costs.removed_outputs();
  }
  double fraction(const ChannelCosts& costs) const { return static_cast<double>(amount(costs)) / whole; }
  bool met(const ChannelCosts& costs) const { return fraction(costs) <= limit + 1e-12; }
  ChannelBudgetKind kind;
  double limit, whole;
};

}  // namespace

ChannelMarks choose_channels(const ChannelGraph& graph, const std::vector<double>& scores, const ChannelBudget& budget,
                             const std::vector<char>& allowed) {
  std::vector<Lot> lots;
  for (std::size_t g = 0; g < graph.groups().size(); ++g)
    if (allowed.empty() || allowed[g]) add_lots(lots, g, graph.groups()[g].channels, scores, budget);
  // Stable: lots of one group stay in their order, whose means grow.
  std::stable_sort(lots.begin(), lots.end(), [](const Lot& a, const Lot& b) { return a.key < b.key; });

  ChannelCosts costs(graph);
  const Meter meter(budget, costs);
  ChannelMarks marks(static_cast<std::size_t>(graph.num_coupled()), 0);
  for (const Lot& lot : lots) {
    if (meter.met(costs)) break;
    for (const auto channel : lot.channels) {
      marks[static_cast<std::size_t>(channel)] = 1;
      costs.remove(channel);
    }
  }
  if (!meter.met(costs))
    fail(ErrorKind::usage, "plan",
         "channels: {:.3f} of the {} would be left with {} channel(s) in each group that may shrink, above {:.3f}",
         meter.fraction(costs),
         budget.kind == ChannelBudgetKind::macs         ? "MACs"
         : budget.kind == ChannelBudgetKind::parameters ? "parameters"
                                                        : "channels",
         budget.round, meter.limit);
  return marks;
}

}  // namespace tern::compress
