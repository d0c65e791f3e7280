// How curved the loss is in each layer's weights.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compress/samples.hpp"
#include "learn/losses.hpp"
#include "learn/model.hpp"

namespace tern::compress {

struct TraceEstimate {
  double trace = 0;
  double standard_error = 0;  ///< of the mean over the draws; 0 for a single one
};

/// Tr(H_l) of each weight of `names`: H_l is the block of the mean loss's Hessian that belongs to the weight's kept
/// elements, at the effective values in evaluation. Hutchinson's estimate: the mean of v_l^T (H v)_l over draws of
/// independent signs v (+1 or -1). One draw serves all layers: what the blocks beside the diagonal add has mean 0. Each
/// batch gets ceil(probes / batches) draws of its own; each costs a double backward through one batch.
/// Errors: ErrorKind::usage without samples. REQUIRES: probes >= 1.
/// Source: Hutchinson 1990; Dong et al. 2020, HAWQ-V2: Hessian Aware trace-Weighted Quantization.
std::map<std::string, TraceEstimate> hessian_traces(learn::Model& model, const std::vector<std::string>& names,
                                                    const Samples& samples, learn::Loss loss, int probes,
                                                    std::uint64_t seed);

}  // namespace tern::compress
