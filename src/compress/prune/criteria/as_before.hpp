// A model as it was before it was pruned.
#pragma once

#include <map>
#include <string>

#include "compress/prune/criterion.hpp"

namespace tern::compress {

/// For the time of its life the weights in `before` have these latents and no masks.
class AsBefore {
 public:
  AsBefore(learn::Model& model, const Tensors& before);
  ~AsBefore();
  AsBefore(const AsBefore&) = delete;
  AsBefore& operator=(const AsBefore&) = delete;

 private:
  learn::Model& model_;
  Tensors latents_, masks_;
};

}  // namespace tern::compress
