// A compression plan: ordered steps written as one line of text.
//
// `compress` owns transforms of a Model: quantizers, pruning, factorizations, and the plans that combine them. It must
// not know how a model is trained (a plan says what happens at which fraction of a phase, not how gradients are taken),
// nor what data or hardware it is for.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compress/step_kind.hpp"

namespace tern::compress {

/// "prune:global=0.8,cubic": a kind and its options.
struct Step {
  const StepKind* kind = nullptr;
  Options options;
  std::string text() const;  ///< canonical
};

/// Steps that start together; training goes on for the phase's share of the budget.
struct Phase {
  std::vector<Step> steps;
  int epochs = -1;  ///< stated as "epochs=N" in the phase; -1: an equal share of what the others leave
};

/// Phases one after the other. No phases: plain training.
struct Plan {
  std::vector<Phase> phases;
};

/// Text form: phases separated by '|' (cumulative), steps of one phase by '+' (joint):
///   "prune:global=0.8,cubic | quantize:w=2,duq"   prunes and trains, then quantizes and trains
///   "prune:global=0.8 + quantize:w=2"             both from the start
///   "prune:global=0.8 + epochs=4 | quantize:w=2"  four epochs for the first phase, the rest for the second
/// Empty text is the plan without phases.
/// Errors: ErrorKind::usage with place "plan" for unknown steps, options or methods (nearest known one named), values
/// out of range, a step twice in one plan.
Plan parse_plan(std::string_view text);

/// Canonical text: parse_plan(to_text(plan)) equals plan.
std::string to_text(const Plan& plan);

/// The methods of a phase, in the order in which they act. Errors: as StepKind::make.
std::vector<std::unique_ptr<Transform>> make_transforms(const Phase& phase);

/// Refuses what the plan cannot do to `model`, before any work: rewriting steps are rehearsed on a copy, so that later
/// steps are checked against the Net that they will meet. Steps behind a rewriting one that looks at data are checked
/// when their turn comes. Errors: ErrorKind::usage, place "plan".
void check_plan(const Plan& plan, const learn::Model& model);

/// Training epochs of each phase, `epochs` together where no phase states its own: a phase whose steps want no training
/// gets none, the others equal shares. With 0 epochs nothing is trained and every step acts once. Errors: ErrorKind::usage where a phase that wants training would get none.
std::vector<int> epochs_of_phases(const Plan& plan, int epochs);

}  // namespace tern::compress
