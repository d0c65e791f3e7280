// The inverse of the empirical Fisher information, in blocks along the diagonal.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "compress/prune/criterion.hpp"

namespace tern::compress {

/// F = damping * I + 1/N * sum of g g^T over N gradients g, in blocks of `block` consecutive weights of each
/// tensor; the inverse is built by one rank-one step a gradient (Sherman and Morrison):
///   F^-1 <- F^-1 - F^-1 g g^T F^-1 / (N + g^T F^-1 g).
/// Singh and Alistarh 2020, WoodFisher: Efficient Second-Order Approximation for Neural Network Compression.
/// Memory and time a gradient: `block` numbers a weight.
class BlockFisher {
 public:
  BlockFisher(std::int64_t weights, std::int64_t gradients, std::int64_t block, double damping);

  /// g: any shape with `weights` elements.
  void add(const at::Tensor& gradient);
  /// [blocks, block, block]; the last block is filled up with 1/damping on its diagonal.
  const at::Tensor& inverse() const { return inverse_; }
  /// w_q^2 / (2 [F^-1]_qq) in the weight's shape.
  at::Tensor scores(const at::Tensor& weight) const;
  /// The weight that minimises (w' - w)^T F (w' - w) / 2 with w' = 0 where mask = 0.
  at::Tensor update(const at::Tensor& weight, const at::Tensor& mask) const;

 private:
  at::Tensor blocks_of(const at::Tensor& tensor) const;

  std::int64_t weights_, block_;
  double gradients_;
  at::Tensor inverse_;
};

/// One for each weight in `names`, from the gradients of the loss on at most `max_gradients` equal parts of
/// the samples (single samples where there are no more), in evaluation.
std::map<std::string, BlockFisher> block_fishers(learn::Model& model, const std::vector<std::string>& names,
                                                 const Samples& samples, learn::Loss loss,
                                                 std::int64_t max_gradients, std::int64_t block,
                                                 double damping);

}  // namespace tern::compress
