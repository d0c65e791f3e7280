// ZeroQ: calibration images made from batch norm statistics, for those who have no data.
#pragma once

#include <cstdint>
#include <vector>

#include "compress/samples.hpp"
#include "learn/model.hpp"

namespace tern::compress {

struct ZeroqOptions {
  std::int64_t count = 64;  ///< images
  std::int64_t batch = 32;  ///< made together: their statistics are those matched
  int iterations = 500;     ///< of Adam on each batch
  double rate = 0.1;
};

/// Images x, started from N(0, 1), that minimise over all norms l
///   mean over channels of (mu_l(x) - mu)^2 + (sigma_l(x) - sigma)^2
/// of the norm's inputs (for folded norms: of the folded kernel's outputs), and the same for x itself with mu = 0,
/// sigma = 1, in the full-precision network. Targets are the float network's softmax.
///
/// Errors: ErrorKind::usage, place the net, where no norm is left, folded or not.
/// Source: Cai et al. 2020, ZeroQ: A Novel Zero Shot Quantization Framework, section 3.1.
Samples distill_samples(const learn::Model& model, const ZeroqOptions& options, std::uint64_t seed);

/// The sum above for one batch of frames: differentiable with respect to them. `twin` is a float_twin().
at::Tensor norm_distance(learn::Model& twin, const at::Tensor& frames, std::int64_t num_steps);

}  // namespace tern::compress
