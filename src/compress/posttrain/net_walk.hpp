// A network computed node by node over a whole data set.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "compress/samples.hpp"
#include "learn/forward.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// What one node computes from `src` (folded tensors, see learn/forward.hpp). Never in place; dropout is the
/// identity, training or not.
at::Tensor run_node(learn::Model& model, const net::Node& node, std::vector<at::Tensor> src, std::int64_t num_steps,
                    bool training = false);

/// The same samples in batches of at most `batch`, in order.
/// Errors: ErrorKind::usage where there are none, or batches differ in their number of steps.
Samples split_samples(const Samples& samples, std::int64_t batch);

/// One value a batch of samples.
using BatchValues = std::vector<at::Tensor>;

/// Evaluates the Net in its order, all batches of a node before the next node, so that a method may change a layer's
/// parameters and what follows sees the change. A value is dropped after its last reader.
class NetWalk {
 public:
  /// REQUIRES: `model` and `samples` outlive the walk, and the model's Net does not change.
  NetWalk(learn::Model& model, const Samples& samples);

  /// The node that advance() computes; null at the end.
  const net::Node* next() const;
  void advance();
  /// Computes up to and including `name`.
  void advance_past(const std::string& name);
  /// A computed node's value that some reader still needs, or that of the latest node.
  BatchValues& value(const std::string& name);
  /// Puts `values` in place of what the next node would compute.
  void advance_with(BatchValues values);

 private:
  void release(const net::Node& node);

  learn::Model& model_;
  const Samples& samples_;
  std::size_t position_ = 0;
  std::map<std::string, BatchValues> values_;
  std::map<std::string, std::size_t> pending_;
};

}  // namespace tern::compress
