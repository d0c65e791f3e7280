// Sparse-to-sparse training that exchanges weights at times: the part SET, RigL and SNFS share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/prune/dynamics/prune_settings.hpp"

namespace tern::compress {

/// Drops the `drop` kept weights of smallest |latent| and grows the `grow` highest-scored of those that were
/// not kept before, from zero. Ties go in storage order. A weight dropped now is no candidate, so that its
/// optimizer moments are cleared before it can come back (published code lets it come back at once).
/// REQUIRES: parameter.mask is defined; drop is at most the number of ones in it, grow at most that of zeros.
/// Errors: ErrorKind::bad_data naming `name` where scores are not finite.
void drop_and_grow(learn::Parameter& parameter, const at::Tensor& scores, std::int64_t drop,
                   std::int64_t grow, const std::string& name);

/// Share of kept weights to exchange at `step`: drop/2 (1 + cos(pi step / end)), with end = 0.75 num_steps.
double drop_fraction(double drop, std::int64_t step, std::int64_t num_steps);

/// Steps between exchanges: `interval`, or less so that a short phase sees some twenty of them.
std::int64_t exchange_interval(int interval, std::int64_t num_steps);

/// How the methods differ.
struct GrowthRule {
  /// Scores of all weights of `names`: the highest grow.
  Scores (*scores)(TransformContext& context, const std::vector<std::string>& names);
  /// How many each layer grows, as many together as they drop; null: as many as it drops. `room`: zeros of
  /// each.
  std::vector<std::int64_t> (*shares)(const learn::Model& model, const std::vector<std::string>& names,
                                      const std::vector<std::int64_t>& dropped,
                                      const std::vector<std::int64_t>& room) = nullptr;
  /// Called `observations` times between exchanges; null: never.
  void (*observe)(TransformContext& context, const std::vector<std::string>& names) = nullptr;
  int observations = 0;
  const char* state_key = nullptr;  ///< what observe() leaves in Parameter::state: removed at the end
};

/// Masks at the sparsity asked by criterion and scope at step 0 (with criterion `random` as the papers
/// start); then, until three quarters of the phase, an exchange of drop_fraction() of each layer's kept
/// weights every exchange_interval() steps. The number of kept weights never changes. Without training: the
/// first masks.
class DropGrow : public PruneTransform {
 public:
  DropGrow(PruneSettings settings, GrowthRule rule);

  bool is_due(std::int64_t step, std::int64_t num_steps) const override;
  void apply(TransformContext& context) override;
  void finish(TransformContext& context) override;

 private:
  bool exchanges_at(std::int64_t step, std::int64_t num_steps) const;
  void exchange(TransformContext& context, const std::vector<std::string>& names) const;

  GrowthRule rule_;
};

/// Errors: ErrorKind::usage, place "plan", where masks are not of single weights: `method` works on those.
void require_single_weights(const PruneSettings& settings, const std::string& method);

}  // namespace tern::compress
