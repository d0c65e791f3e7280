// Structured pruning: score, choose, remove.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/samples.hpp"
#include "compress/structure/channel_budget.hpp"
#include "compress/structure/channel_criterion.hpp"
#include "compress/structure/remove_channels.hpp"
#include "learn/losses.hpp"
#include "learn/model.hpp"

namespace tern::compress {

struct ChannelPruning {
  std::string criterion = "l1";  ///< a row of channel_criterion_table()
  ChannelBudget budget;          ///< its `relative` is the criterion's
  /// Weights ("conv1.weight") whose layers may lose output channels; a group shrinks where all its producers may. Empty:
  /// all.
  std::vector<std::string> weights;
};

/// Removes channels from `model` until the budget is met: what is left is a smaller dense Model that computes what
/// `model` with those channels masked does (remove_channels). Removing a fraction p of all channels leaves about (1-p)^2
/// of the parameters and MACs, since a kernel loses inputs and outputs.
/// `samples`, `loss`: only for criteria that need them. `seed`: of random choices.
/// Notes say what each group gave up, what could not shrink, and where constants were folded.
/// Errors: ErrorKind::usage, place "plan": see choose_channels and remove_channels; samples missing.
Removal prune_channels(learn::Model& model, const ChannelPruning& pruning, const Samples* samples = nullptr,
                       learn::Loss loss = nullptr, std::uint64_t seed = 0);

/// Throws what prune_channels would for this Net whatever the scores: an unreachable budget, quantized weights.
void check_channel_pruning(const learn::Model& model, const ChannelPruning& pruning);

}  // namespace tern::compress
