// A Model to go back to.
#pragma once

#include <vector>

#include "learn/model.hpp"

namespace tern::compress {

/// Net, values, state and the choice of quantizers of a Model at one moment. Trainable tensors inside quantizers are
/// not copied: a method that is to be undone gives parameters new quantizers instead of changing theirs.
class ModelSnapshot {
 public:
  explicit ModelSnapshot(const learn::Model& model);
  /// `model` as it was; latents keep their identity where the Net is the same, so that an optimizer's hold on them is
  /// still good.
  void restore(learn::Model& model) const;

 private:
  learn::Model model_;
  std::vector<at::Tensor> values_;  // of the latents, in name order
};

}  // namespace tern::compress
