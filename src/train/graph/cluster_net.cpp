#include "train/graph/cluster_net.hpp"

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

/// The concat of the first layer; null where the net does not begin so.
const net::Node* first_concat(const net::Net& net) {
  const std::string& input = net.input().name;
  const auto readers = net.readers(input);
  if (readers.size() != 2 || net.type(input).shape.size() != 1) return nullptr;
  for (const net::Node* node : readers) {
    if (node->op != "concat" || node->inputs.size() != 2 || node->inputs[1] != input) continue;
    const net::Node& other = net.node(node->inputs[0]);
    const bool is_plain = other.op == "propagate" && other.inputs[0] == input &&
                          net.readers(other.name).size() == 1 && net.parameters(other).empty() &&
                          net.context(other).real("eps") == 0;
    if (is_plain) return node;
  }
  return nullptr;
}

void copy_parameters(const learn::Model& from, learn::Model& to) {
  const c10::NoGradGuard no_grad;
  for (auto& [name, parameter] : to.parameters()) {
    const learn::Parameter& source = from.parameters().at(name);
    parameter.latent.copy_(source.latent);
    if (source.mask.defined()) parameter.mask = source.mask.clone();
    if (source.backward_mask.defined()) parameter.backward_mask = source.backward_mask.clone();
  }
}

}  // namespace

bool has_first_propagation(const net::Net& net) {
  return first_concat(net) != nullptr;
}

learn::Model without_first_propagation(const learn::Model& model) {
  const net::Net& net = model.net();
  const net::Node* concat = first_concat(net);
  if (concat == nullptr)
    fail(ErrorKind::usage, "net '" + net.name() + "'",
         "its first layer is not concat(propagate(x), x), for which [A X, X] could be computed beforehand");
  net::Net out(net.name(), net.num_steps());
  for (const auto& node : net.nodes()) {
    if (node.name == concat->name || node.name == concat->inputs[0]) continue;
    net::Node copy = node;
    if (copy.op == "input") copy.attributes["shape"] = net::Shape{2 * net.type(node.name).shape[0]};
    for (std::string& source : copy.inputs)
      if (source == concat->name) source = net.input().name;
    out.add(copy.name, copy.op, copy.inputs, copy.attributes);
  }
  learn::Model reduced(out, 0);
  copy_parameters(model, reduced);
  return reduced;
}

learn::Model with_first_propagation(const net::Net& net, const learn::Model& trained) {
  const net::Node* concat = first_concat(net);
  if (concat == nullptr) fail(ErrorKind::usage, "net '" + net.name() + "'", "it has no first propagation");
  net::Net out(net.name(), net.num_steps());
  for (const auto& node : net.nodes()) {
    auto attributes = node.attributes;
    if (node.name == concat->inputs[0]) attributes["normalisation"] = std::string("sum");
    out.add(node.name, node.op, node.inputs, attributes);
  }
  learn::Model whole(out, 0);
  copy_parameters(trained, whole);
  return whole;
}

}  // namespace tern::train
