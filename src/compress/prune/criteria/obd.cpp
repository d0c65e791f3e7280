// Optimal brain damage: h w^2 / 2, the second-order change of the loss when the weight is taken away at a
// minimum, without interactions. h is the diagonal of the Gauss-Newton matrix (LeCun, Denker and Solla 1990,
// Optimal Brain Damage, in its Levenberg-Marquardt form), which is never negative.
// Where we differ: h is estimated with random signs, 8 a batch, instead of being propagated layer by layer.
#include "compress/prune/criteria/criteria.hpp"
#include "compress/prune/criteria/gauss_newton.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int probes = 8;

Scores score(const CriterionInput& input) {
  Scores scores =
      gauss_newton_diagonal(input.model, input.names, input.samples(), input.loss, probes, input.seed);
  for (auto& [name, curvature] : scores)
    curvature = curvature * input.model.parameters().at(name).latent.detach().square() / 2;
  return scores;
}

}  // namespace

CriterionRow criteria::obd() {
  return {{"obd",
           "half of curvature * weight^2, curvature from the diagonal of the Gauss-Newton matrix",
           "LeCun et al. 1990, Optimal Brain Damage",
           {}},
          true,
          score};
}

}  // namespace tern::compress
