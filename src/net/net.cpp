#include "net/net.hpp"

#include <utility>

#include "base/error.hpp"

namespace tern::net {

namespace {

constexpr std::int64_t most_elements = std::int64_t{1} << 31;
constexpr std::int64_t most_steps = 1 << 20;
constexpr std::size_t most_nodes = 1 << 16, longest_name = 256;

/// Refuses shapes of more than 2^31 elements: what follows may then multiply two of them without overflow.
void check_size(const OpContext& context, std::string_view what, const Shape& shape) {
  std::int64_t product = 1;
  for (const auto extent : shape)
    if (__builtin_mul_overflow(product, extent, &product) || product > most_elements)
      context.refuse("{} {} has more than 2^31 elements", what, to_string(shape));
}

}  // namespace

Net::Net(std::string name, std::int64_t num_steps) : name_(std::move(name)), num_steps_(num_steps) {
  if (num_steps < 0 || num_steps > most_steps)
    fail(ErrorKind::usage, "net '" + name_ + "'", "num_steps must be from 0 to 2^20, got {}", num_steps);
}

std::string Net::add(std::string name, std::string op, std::vector<std::string> inputs,
                     std::map<std::string, Attribute> attributes) {
  if (name.size() > longest_name)
    fail(ErrorKind::usage, "net '" + name_ + "'", "a node's name has at most {} bytes, got {}", longest_name, name.size());
  if (nodes_.size() == most_nodes) fail(ErrorKind::usage, "net '" + name_ + "'", "more than {} nodes", most_nodes);
  const std::string place = fmt::format("node '{}'", name);
  if (name.empty()) fail(ErrorKind::usage, "net '" + name_ + "'", "a node of operation '{}' has no name", op);
  if (contains(name)) fail(ErrorKind::usage, place, "the name is taken by an earlier node");
  const OpSpec& spec = find_op(op, place);
  if (op == "input" && !nodes_.empty()) fail(ErrorKind::usage, place, "a Net has one input, and it comes first");
  if (op != "input" && nodes_.empty()) fail(ErrorKind::usage, place, "the first node must be an input");
  const auto count = static_cast<int>(inputs.size());
  if (count < spec.min_inputs || count > spec.max_inputs)
    fail(ErrorKind::usage, place, "{} takes {} to {} inputs, got {}", op, spec.min_inputs, spec.max_inputs, count);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Kind given = types_[index_of(inputs[i])].kind, wanted = i < spec.takes.size() ? spec.takes[i] : Kind::tensor;
    if (given != wanted)
      fail(ErrorKind::usage, place, "input {} of {} is a {}, and '{}' is a {}", i + 1, op, name_of(wanted), inputs[i],
           name_of(given));
  }

  nodes_.push_back({name, std::move(op), std::move(inputs), std::move(attributes)});
  try {
    resolve_attributes(nodes_.back());
    const OpContext here = context(nodes_.back());
    TensorType type = spec.infer(here);
    check_size(here, "its output", type.shape);
    for (const auto& parameter : parameters(nodes_.back())) check_size(here, parameter.name, parameter.shape);
    types_.push_back(std::move(type));
  } catch (...) {
    nodes_.pop_back();
    throw;
  }
  index_[name] = nodes_.size() - 1;
  return name;
}

std::size_t Net::index_of(std::string_view name) const {
  const auto found = index_.find(name);
  if (found != index_.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& node : nodes_) known.push_back(node.name);
  fail_unknown("node", name, known, "net '" + name_ + "'");
}

const Node& Net::node(std::string_view name) const { return nodes_[index_of(name)]; }
bool Net::contains(std::string_view name) const { return index_.find(name) != index_.end(); }
const TensorType& Net::type(std::string_view name) const { return types_[index_of(name)]; }

OpContext Net::context(const Node& node) const {
  OpContext context{node, {}, num_steps_};
  for (const auto& source : node.inputs) context.src.push_back(type(source));
  return context;
}

std::vector<ParameterSpec> Net::parameters(const Node& node) const {
  const OpSpec& spec = find_op(node.op);
  return spec.parameters ? spec.parameters(context(node)) : std::vector<ParameterSpec>{};
}

Work Net::work(const Node& node) const {
  const OpSpec& spec = find_op(node.op);
  return spec.work ? spec.work(context(node), type(node.name)) : Work{};
}

std::vector<const Node*> Net::readers(std::string_view name) const {
  std::vector<const Node*> found;
  for (const auto& node : nodes_) {
    for (const auto& source : node.inputs) {
      if (source != name) continue;
      found.push_back(&node);
      break;
    }
  }
  return found;
}

NetTotals totals(const Net& net) {
  NetTotals sum;
  for (const auto& node : net.nodes()) {
    for (const auto& parameter : net.parameters(node)) {
      if (parameter.role == ParameterRole::buffer) continue;
      sum.parameters += num_elements(parameter.shape);
      if (parameter.role == ParameterRole::weight) sum.weights += num_elements(parameter.shape);
    }
    const Work work = net.work(node);
    sum.macs_per_step += work.macs;
    sum.neuron_updates_per_step += work.neuron_updates;
  }
  return sum;
}

}  // namespace tern::net
