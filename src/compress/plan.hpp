// A compression plan: ordered steps written as one line of text.
//
// `compress` owns transforms of a Model: quantizers, pruning, and the plans that combine them. It must not know how a
// model is trained (a plan says what happens at which fraction of a phase, not how gradients are taken), nor what data
// or hardware it is for.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tern::compress {

/// prune:global=0.8,cubic   or   prune:local=0.5
struct PruneStep {
  double sparsity = 0.0;             ///< fraction of zeros, [0, 1)
  bool global = true;                ///< one threshold for all kernels; else one for each
  std::string schedule = "oneshot";  ///< a row of sparsity_schedule_table()
};

/// quantize:w=2,duq,ewgs
struct QuantizeStep {
  int weight_bits = 8;
  std::string method = "duq";     ///< a row of quantizer_table()
  std::string gradient = "ewgs";  ///< a row of rounding_gradient_table()
};

using Step = std::variant<PruneStep, QuantizeStep>;

/// Steps that start together; training goes on for the phase's share of the budget.
struct Phase {
  std::vector<Step> steps;
};

/// Phases one after the other. No phases: plain training.
struct Plan {
  std::vector<Phase> phases;
};

/// Text form: phases separated by '|' (cumulative), steps of one phase by '+' (joint):
///   "prune:global=0.8,cubic | quantize:w=2,duq"   prunes and trains, then quantizes and trains
///   "prune:global=0.8 + quantize:w=2"             both from the start
/// Empty text is the plan without phases.
/// Errors: ErrorKind::usage with place "plan" for unknown steps, keys or methods (nearest known one named), values out
/// of range, a step twice in one plan.
Plan parse_plan(std::string_view text);

/// Canonical text: parse_plan(to_text(plan)) equals plan, every option spelled out.
std::string to_text(const Plan& plan);

}  // namespace tern::compress
