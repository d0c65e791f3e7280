// What a convolution or linear layer takes along, whatever its numbers are.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/plan/step.hpp"

namespace tern::engine {

/// Batch norm, one sum and relu or relu6 behind a layer, in this order, each at most once; set while the Net is read.
class LayerStep : public Step {
 public:
  virtual void set_norm(std::vector<float> scale, std::vector<float> shift) = 0;
  virtual void set_residual(std::size_t storage) = 0;
  virtual void set_clamp(float low, float high) = 0;
  virtual bool has_norm() const = 0;
  virtual bool has_residual() const = 0;
  virtual bool has_clamp() const = 0;
};

}  // namespace tern::engine
