#include "formats/onnx/graph_order.hpp"

#include <set>

#include "base/error.hpp"
#include "base/registry.hpp"

namespace tern::onnx {
namespace {

using schema::NodeProto;
using Producers = std::map<std::string_view, const NodeProto*>;

Producers producers_of(const schema::GraphProto& graph, const std::string& place) {
  Producers producers;
  for (const auto& node : graph.node())
    for (const auto& made : node.output())
      if (!made.empty() && !producers.emplace(made, &node).second)
        fail(ErrorKind::bad_data, place, "{}: tensor '{}' is made by two nodes", place_of(node), made);
  return producers;
}

std::string choose_output(const schema::GraphProto& graph, std::string_view wanted,
                          const Producers& producers, const std::string& place) {
  if (!wanted.empty()) {
    if (producers.contains(wanted)) return std::string(wanted);
    std::vector<std::string> known;
    for (const auto& output : graph.output()) known.push_back(output.name());
    fail_unknown("tensor", wanted, known, place);
  }
  if (graph.output_size() == 1) return graph.output(0).name();
  std::vector<std::string> names;
  for (const auto& output : graph.output()) names.push_back(output.name());
  fail(ErrorKind::unsupported, place, "a Net has one output, the graph has {}: {}; choose one", names.size(),
       fmt::join(names, ", "));
}

/// Walks from the output to its sources, depth first, on a stack of its own: graphs may be deep.
class Sorter {
 public:
  Sorter(Graph& graph, const Producers& producers, const std::set<std::string_view>& inputs,
         std::string place)
      : graph_(graph), producers_(producers), inputs_(inputs), place_(std::move(place)) {}

  void visit_all() {
    visit(graph_.output, nullptr);
    while (!stack_.empty()) {
      const NodeProto& node = *stack_.back().node;
      int& next = stack_.back().next_input;
      if (next < node.input_size()) {
        visit(node.input(next++), &node);
        continue;
      }
      state_[&node] = State::done;
      graph_.nodes.push_back(&node);
      stack_.pop_back();
    }
  }

  const std::set<std::string_view>& used_inputs() const { return used_inputs_; }

 private:
  enum class State { open, done };
  struct Frame {
    const NodeProto* node;
    int next_input;
  };

  void visit(const std::string& tensor, const NodeProto* reader) {
    if (tensor.empty()) return;  // an optional input that is left out
    if (reader) graph_.readers[tensor].push_back(reader);
    const auto found = producers_.find(tensor);
    if (found != producers_.end()) return enter(*found->second);
    if (graph_.initialisers.contains(tensor)) return;
    if (inputs_.contains(tensor)) {
      used_inputs_.insert(*inputs_.find(tensor));
      return;
    }
    fail(ErrorKind::bad_data, place_, "{}: tensor '{}' has no initialiser and no node makes it",
         reader ? place_of(*reader) : "output", tensor);
  }

  void enter(const NodeProto& node) {
    const auto [at, is_new] = state_.emplace(&node, State::open);
    if (is_new)
      stack_.push_back({&node, 0});
    else if (at->second == State::open)
      fail(ErrorKind::bad_data, place_, "{} is part of a cycle", place_of(node));
  }

  Graph& graph_;
  const Producers& producers_;
  const std::set<std::string_view>& inputs_;
  std::set<std::string_view> used_inputs_;
  std::string place_;
  std::map<const NodeProto*, State> state_;
  std::vector<Frame> stack_;
};

}  // namespace

std::string place_of(const NodeProto& node) {
  const std::string& name = !node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0);
  return fmt::format("node '{}' ({}{}{})", name, node.domain(), node.domain().empty() ? "" : ".",
                     node.op_type());
}

Graph sort_graph(const schema::GraphProto& proto, std::string_view output, const std::string& place) {
  Graph graph;
  for (const auto& tensor : proto.initializer()) graph.initialisers[tensor.name()] = &tensor;
  std::set<std::string_view> inputs;
  for (const auto& input : proto.input())
    if (!graph.initialisers.contains(input.name())) inputs.insert(input.name());
  const Producers producers = producers_of(proto, place);
  graph.output = choose_output(proto, output, producers, place);
  Sorter sorter(graph, producers, inputs, place);
  sorter.visit_all();
  if (sorter.used_inputs().empty())
    fail(ErrorKind::unsupported, place, "the output '{}' does not depend on an input", graph.output);
  if (sorter.used_inputs().size() > 1)
    fail(ErrorKind::unsupported, place, "a Net has one input, the graph needs {}: {}",
         sorter.used_inputs().size(), fmt::join(sorter.used_inputs(), ", "));
  for (const auto& input : proto.input())
    if (input.name() == *sorter.used_inputs().begin()) graph.input = &input;
  return graph;
}

}  // namespace tern::onnx
