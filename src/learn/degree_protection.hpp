// Activation quantizers that spare nodes with many neighbours while a network trains on graphs.
#pragma once

namespace tern::learn {

/// Probabilities with which nodes keep full precision in a training step: `low` for the node with the fewest incoming
/// edges, `high` for the one with the most, in between by rank.
struct Protection {
  double low = 0, high = 0;
};

/// A second face of an ActivationQuantizer: in training on graphs its quantize() sees the rows that are not protected.
class DegreeProtected {
 public:
  virtual ~DegreeProtected() = default;
  virtual Protection protection() const = 0;
};

}  // namespace tern::learn
