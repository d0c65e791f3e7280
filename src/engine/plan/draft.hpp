// A plan while it is made: storages, steps in order, and in which forms each node's values exist.
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/plan/kernel_step.hpp"
#include "engine/plan/lowering.hpp"
#include "net/net.hpp"

namespace tern::engine {

/// No storage.
inline constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

/// The forms in which a node's output exists.
struct Value {
  std::size_t floats = none, codes = none, bits = none;
  std::size_t input_bits = none, input_floats = none;  ///< of the input: a run fills one of the two
  KernelStep* kernel = nullptr;  ///< the step that makes it, where that can still be told to write more
  std::optional<CodeGrid> grid;  ///< of codes
};

class Draft {
 public:
  explicit Draft(const net::Net& net) : net_(net) {}

  std::size_t new_storage(const std::string& node, Form form);
  std::size_t new_codes(const std::string& node, const CodeGrid& grid);

  void add(std::unique_ptr<Step> step, const std::string& nodes);
  /// The caller's input is read before everything else.
  void add_front(std::unique_ptr<Step> step, const std::string& nodes);

  /// Nodes that change nothing share the value of their source.
  Value& value(const std::string& node);
  bool is_ready(const std::string& node) const { return values_.contains(node) || alias_.contains(node); }

  /// Storage of the node's floats, made now where they do not exist.
  std::size_t floats_of(const std::string& node);
  /// Storage to read the node's values from beside sums: codes where there are no floats.
  std::size_t residual_of(const std::string& node);

  /// The border that a kernel needs around one of its sources.
  void widen(std::size_t storage, std::int64_t h, std::int64_t w);

  /// Takes the border from floats that a step reads or writes which knows of none.
  void keep_floats_dense();

  /// Settles lifetimes and prepares the steps.
  LoweredNet finish();

 protected:
  const net::Net& net_;
  LoweredNet result_;
  std::map<std::string, Value> values_;
  std::map<std::string, std::string> alias_;
};

}  // namespace tern::engine
