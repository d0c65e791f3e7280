// The registry of channel scores: which channels matter least.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "compress/samples.hpp"
#include "compress/structure/channel_graph.hpp"
#include "learn/losses.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// What a criterion sees.
struct ChannelScoreContext {
  learn::Model& model;
  const ChannelGraph& graph;
  const Samples* samples = nullptr;  ///< null: none; only for criteria that need them
  learn::Loss loss = nullptr;
  std::uint64_t seed = 0;
};

/// One criterion. Its score of a coupled channel adds up what it finds in every layer that the channel passes: the
/// filters that make it, the kernel columns that read it, its norms.
struct ChannelCriterionRow {
  MethodInfo info;
  bool needs_samples = false;
  /// Scores are divided by their group's mean before groups are compared: magnitudes of different layers are not
  /// comparable (Fang et al. 2023). False: scores already speak of the loss.
  bool relative = true;
  /// [num_coupled], at least 0, small ones are removed first; infinity: never removed.
  std::vector<double> (*score)(const ChannelScoreContext& context) = nullptr;
};

const std::vector<ChannelCriterionRow>& channel_criterion_table();
/// Errors: ErrorKind::usage with the nearest known name, place "plan".
const ChannelCriterionRow& find_channel_criterion(std::string_view name);

/// Adds a score of each weight of kernel `node` (in the weight's shape) to the coupled channels of its outputs and,
/// except for depthwise kernels, whose rows are their columns, of its inputs.
void add_kernel_scores(const ChannelGraph& graph, std::size_t node, const at::Tensor& weight_scores,
                       std::vector<double>& scores);
/// Adds values [channels] of a node's output channels (or any list in that order) to their coupled channels.
void add_channel_scores(const std::vector<std::int64_t>& channels, const at::Tensor& values, std::vector<double>& scores);

}  // namespace tern::compress
