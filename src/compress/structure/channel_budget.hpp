// Which channels go, so that a budget is met.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compress/structure/channel_graph.hpp"
#include "compress/structure/remove_channels.hpp"

namespace tern::compress {

enum class ChannelBudgetKind {
  macs,        ///< keep at most this fraction of the multiply-accumulates
  parameters,  ///< keep at most this fraction of the parameters
  ratio        ///< remove at least this fraction of the kernels' output channels, of those that can go
};

struct ChannelBudget {
  ChannelBudgetKind kind = ChannelBudgetKind::macs;
  double target = 0.5;     ///< (0, 1) for macs and parameters, [0, 1) for ratio
  bool global = true;      ///< smallest scores of all groups first; else every group gives up the same fraction
  std::int64_t round = 1;  ///< channels kept in each group: a multiple of this, or all
  bool relative = true;    ///< divide scores by their group's mean first (with `global`)
};

/// Greedy choice: groups offer their channels in order of score, in lots that leave multiples of `round`; lots are taken
/// by mean score (ties: the earlier group) until the budget is met, costs being counted exactly after each one. At least
/// one channel (`round` of them) of every group stays. Time: sorting the channels.
/// `scores`: [num_coupled]. `allowed`: by group, 1 where it may lose channels; empty: all may.
/// Errors: ErrorKind::usage, place "plan", where even taking all lots does not meet the budget: says how far it gets.
ChannelMarks choose_channels(const ChannelGraph& graph, const std::vector<double>& scores, const ChannelBudget& budget,
                             const std::vector<char>& allowed = {});

}  // namespace tern::compress
