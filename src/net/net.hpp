// A network is data: a typed graph of standard operations, without weights and without a framework.
//
// This folder owns operations, shapes, validation and the JSON form. It must not know how operations are computed,
// trained, costed or run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "net/op.hpp"

namespace tern::net {

/// Nodes in an order in which every input comes before its use; the last node is the output.
/// A Net is valid from its construction on: add() refuses whatever does not fit.
class Net {
 public:
  /// `num_steps` is the length of the time axis; 0 leaves it symbolic (operations that span time then refuse).
  explicit Net(std::string name, std::int64_t num_steps = 0);

  /// Appends a node and returns its name. Attributes left out take their defaults.
  /// Errors (ErrorKind::usage, place "node 'NAME'"): the name is taken, empty or longer than 256 bytes, the Net has 2^16
  /// nodes, the operation, an attribute or an
  /// input is unknown, a value is out of range, or the shapes do not fit.
  std::string add(std::string name, std::string op, std::vector<std::string> inputs = {},
                  std::map<std::string, Attribute> attributes = {});

  const std::string& name() const { return name_; }
  std::int64_t num_steps() const { return num_steps_; }
  const std::vector<Node>& nodes() const { return nodes_; }

  /// Errors: ErrorKind::usage with the nearest known name.
  const Node& node(std::string_view name) const;
  bool contains(std::string_view name) const;
  /// Output type of a node.
  const TensorType& type(std::string_view name) const;
  /// The node's rules applied to its place in this Net.
  OpContext context(const Node& node) const;
  std::vector<ParameterSpec> parameters(const Node& node) const;
  Work work(const Node& node) const;
  /// Nodes that read `name`.
  std::vector<const Node*> readers(std::string_view name) const;

  /// The first node (beside it only `graph` nodes have no inputs), and the last one. REQUIRES: the Net has nodes.
  const Node& input() const { return nodes_.front(); }
  const Node& output() const { return nodes_.back(); }

 private:
  std::size_t index_of(std::string_view name) const;

  std::string name_;
  std::int64_t num_steps_;
  std::vector<Node> nodes_;
  std::vector<TensorType> types_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

/// Whole-network counts. `weights` counts elements of role weight only; `parameters` adds biases and norms.
struct NetTotals {
  std::int64_t weights = 0;
  std::int64_t parameters = 0;
  std::int64_t macs_per_step = 0;
  std::int64_t neuron_updates_per_step = 0;
};
NetTotals totals(const Net& net);

/// JSON text (UTF-8) of the Net, readable by from_json and stable: equal Nets give equal text.
std::string to_json(const Net& net, int indent = 2);

/// Errors: ErrorKind::bad_data for text that is no Net, ErrorKind::usage for a Net that is not valid; `place` (a file)
/// comes first in the message.
Net from_json(std::string_view text, std::string_view place = "net");

/// A table for people: node, operation, output, parameters, MACs per step, and the totals.
std::string summary(const Net& net);

}  // namespace tern::net
