// One node made ready to run, and the table of what the engine can run. Private to the engine.
//
// Activations are channels last: a node of shape [c, h, w] holds [num_steps, n, h, w, c], of any other shape
// [num_steps, n, shape...], and without num_steps where its type has no time axis.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/workers.hpp"
#include "net/net.hpp"
#include "pack/model_file.hpp"

namespace tern::engine {

/// How many steps and samples one call sees.
struct Extent {
  std::int64_t num_steps = 1;
  std::int64_t n = 1;
  /// Tensors of one sample and step in an activation of this type.
  std::int64_t frames(const net::TensorType& type) const { return type.has_time ? num_steps * n : n; }
};

/// A node with its weights in the order its kernel wants. Immutable, safe to run from many threads.
class Operation {
 public:
  virtual ~Operation() = default;
  /// src are the inputs' activations, dst the output's; dst overlaps none of them and holds no particular values.
  virtual void run(Extent extent, std::span<const float* const> src, float* dst) const = 0;

  /// The same in the caller's memory: nothing is allocated. The scratch of each worker has scratch_bytes(extent).
  virtual void run_in(Extent extent, std::span<const float* const> src, float* dst, const Workers& /*workers*/) const {
    run(extent, src, dst);
  }
  virtual std::size_t scratch_bytes(Extent /*extent*/) const { return 0; }
  /// Of what it keeps for each weight.
  virtual std::size_t weight_bytes() const { return 0; }
};

/// An operation that needs scratch: run() allocates it.
class ScratchOperation : public Operation {
 public:
  void run(Extent extent, std::span<const float* const> src, float* dst) const final;
  void run_in(Extent extent, std::span<const float* const> src, float* dst, const Workers& workers) const override = 0;
  std::size_t scratch_bytes(Extent extent) const override = 0;
};

/// What a node is made from.
struct BuildContext {
  const net::Node& node;
  net::OpContext rules;
  net::TensorType dst;
  const pack::PackedModel& model;

  const net::TensorType& src(std::size_t i = 0) const { return rules.src[i]; }
  /// The node's tensor `name`, checked by pack::check_model before.
  const pack::PackedTensor& tensor(const std::string& name) const { return model.tensors.at(node.name + "." + name); }
  std::vector<float> values(const std::string& name) const { return pack::dequantize(tensor(name)); }
  /// Throws ErrorKind::unsupported, place "node 'NAME' (OP)".
  [[noreturn]] void refuse(std::string reason) const;
};

/// One row of the table.
struct OperationRow {
  std::string_view op;
  std::unique_ptr<Operation> (*make)(const BuildContext&);
};
std::span<const OperationRow> operation_table();

/// Errors: ErrorKind::unsupported with the node's and the operation's name.
const OperationRow& find_operation(std::string_view op, std::string_view node);

}  // namespace tern::engine
