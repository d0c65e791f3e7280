// An operation described once: name, attributes, shape rule, parameters and work count.
//
// `learn`, `cost` and `engine` give operations their meaning in their own folders; this folder knows none of them.
// Adding an operation is one OpSpec in ops/ and one line in op_table.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/registry.hpp"
#include "net/types.hpp"

namespace tern::net {

/// One node of a Net: `op` names an OpSpec, `inputs` name earlier nodes.
struct Node {
  std::string name;
  std::string op;
  std::vector<std::string> inputs;
  std::map<std::string, Attribute> attributes;
};

enum class ParameterRole {
  weight,  ///< a kernel: what quantizers and pruners work on
  bias,    ///< added after a kernel
  norm,    ///< gain and shift of a normalisation
  buffer   ///< state that training updates without gradients (running statistics)
};

/// One tensor that a node owns. In a Model its name is "NODE.NAME".
struct ParameterSpec {
  std::string name;
  Shape shape;
  ParameterRole role = ParameterRole::weight;
};

/// What an operation's rules see: the node with every default filled in, and the types of its inputs.
struct OpContext {
  const Node& node;
  std::vector<TensorType> src;
  std::int64_t num_steps = 0;  ///< 0: symbolic

  bool flag(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  const std::vector<std::int64_t>& integers(std::string_view name) const;
  /// An int list of one or two entries as {first, second}: {3} gives {3, 3}.
  std::pair<std::int64_t, std::int64_t> pair(std::string_view name) const;

  /// Throws ErrorKind::usage, place "node 'NAME' (OP)".
  template <typename... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    refuse_text(fmt::format(format, std::forward<Args>(args)...));
  }
  [[noreturn]] void refuse_text(std::string message) const;
};

/// Work of one node for one sample and one step.
struct Work {
  std::int64_t macs = 0;            ///< multiply-accumulates of kernels, padding included
  std::int64_t neuron_updates = 0;  ///< membranes advanced
};

/// An operation. `info.parameters` describes the attributes; the functions may call OpContext::refuse.
struct OpSpec {
  MethodInfo info;
  int min_inputs = 1;
  int max_inputs = 1;
  std::array<Kind, 2> takes{};  ///< kinds of the first two inputs; further ones are tensors
  /// Temporal operations see all steps at once; the others act on each step alone.
  bool is_temporal = false;
  TensorType (*infer)(const OpContext&) = nullptr;
  std::vector<ParameterSpec> (*parameters)(const OpContext&) = nullptr;  ///< null: none
  Work (*work)(const OpContext&, const TensorType& dst) = nullptr;       ///< null: no work counted
};

/// All operations, in the order `tern list ops` prints them.
std::span<const OpSpec* const> op_table();

/// Unknown names: ErrorKind::usage with the nearest known one; `place` goes into the message.
const OpSpec& find_op(std::string_view name, std::string_view place = {});

/// Checks names, types and ranges of the node's attributes against its OpSpec and fills in the defaults.
void resolve_attributes(Node& node);

}  // namespace tern::net
