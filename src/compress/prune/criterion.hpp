// The registry of pruning criteria: how much each weight matters.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"
#include "compress/samples.hpp"
#include "learn/losses.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// By weight name, float32 in the weight's shape.
using Tensors = std::map<std::string, at::Tensor>;
/// The higher a score, the longer its weight is kept. Finite.
using Scores = Tensors;

/// What a criterion sees.
struct CriterionInput {
  learn::Model& model;                           ///< left as it was
  const std::vector<std::string>& names;         ///< of the weights to score
  std::function<const Samples&()> samples = {};  ///< null where there are none
  learn::Loss loss = nullptr;                    ///< needed where samples are
  std::uint64_t seed = 0;
  double sparsity = 0.0;  ///< for criteria that approach it in rounds (synflow); 0: a single round
};

/// A criterion is a function of the latents w, so that pruned weights whose latents live on can come back,
/// and of what the network does with its effective weights in evaluation: batch norm with its running
/// statistics, no dropout.
struct CriterionRow {
  MethodInfo info;
  bool needs_samples;
  Scores (*score)(const CriterionInput&);
  /// Moves the kept latents so as to make up for the weights just pruned; `before` are the latents before
  /// pruning. Null where the method has no such update.
  void (*compensate)(const CriterionInput&, const Tensors& before) = nullptr;
};

/// One file each in criteria/; what each computes is said there.
const std::vector<CriterionRow>& criterion_table();
/// Errors: ErrorKind::usage with the nearest known name.
const CriterionRow& find_criterion(std::string_view name);

/// Runs the row. Errors: ErrorKind::usage where a criterion that needs samples or a loss gets none.
Scores score_weights(const CriterionRow& row, const CriterionInput& input);

/// The latents of `names`, copied.
Tensors copy_latents(const learn::Model& model, const std::vector<std::string>& names);

}  // namespace tern::compress
