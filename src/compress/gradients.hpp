// Gradients of the loss that methods look at, apart from training's own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "compress/samples.hpp"
#include "learn/losses.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// d(mean loss)/d(effective value) of each parameter in `names` on one batch: dense, so pruned weights have one too.
/// Batch norm uses its running statistics unless `training` is set (running statistics are then left as they were).
/// Gradients that training holds in the latents are untouched.
std::map<std::string, at::Tensor> weight_gradients(learn::Model& model, const std::vector<std::string>& names,
                                                   const SampleBatch& batch, learn::Loss loss, bool training = false);

/// The same, averaged over batches.
std::map<std::string, at::Tensor> weight_gradients(learn::Model& model, const std::vector<std::string>& names,
                                                   const Samples& samples, learn::Loss loss);

/// For the time of its life the named parameters' effective values are fresh leaves that require gradients (equal to
/// the effective values in evaluation), to differentiate the network's output with respect to them.
class EffectiveLeaves {
 public:
  EffectiveLeaves(learn::Model& model, const std::vector<std::string>& names);
  ~EffectiveLeaves();
  EffectiveLeaves(const EffectiveLeaves&) = delete;
  EffectiveLeaves& operator=(const EffectiveLeaves&) = delete;

  /// In the order of `names`.
  const std::vector<at::Tensor>& leaves() const { return leaves_; }

 private:
  learn::Model& model_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> leaves_;
};

}  // namespace tern::compress
