// The diagonal of the Gauss-Newton matrix.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/prune/criterion.hpp"

namespace tern::compress {

/// diag(J^T L J) of the mean loss over the samples with respect to the effective values of `names` in
/// evaluation, where J is the derivative of the network's output and L the Hessian of the loss in that output
/// (Schraudolph 2002). The Hessian without the network's own curvature: never negative, and equal to the
/// Fisher information for cross entropy. Estimated by `probes` random signs r a batch: (J^T root(L) r)^2 has
/// this mean (Bekas et al. 2007, An Estimator for the Diagonal of a Matrix). Needs first derivatives of the
/// network only. `loss` must be a mean of terms of one sample each.
Tensors gauss_newton_diagonal(learn::Model& model, const std::vector<std::string>& names,
                              const Samples& samples, learn::Loss loss, int probes, std::uint64_t seed);

}  // namespace tern::compress
