#include "compress/model_builder.hpp"

#include <utility>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

ModelBuilder::ModelBuilder(const learn::Model& source)
    : source_(source), net_(source.net().name(), source.net().num_steps()) {}

std::string ModelBuilder::target(const std::string& name) const {
  const auto found = redirections_.find(name);
  return found == redirections_.end() ? name : target(found->second);
}

void ModelBuilder::keep(const net::Node& node) { keep(node, node.attributes); }

void ModelBuilder::keep(const net::Node& node, std::map<std::string, net::Attribute> attributes,
                        std::map<std::string, learn::Parameter> parameters) {
  for (const auto& spec : source_.net().parameters(node))
    if (!parameters.count(spec.name)) parameters[spec.name] = source_.parameter(node.name, spec.name);
  add(node.name, node.op, node.inputs, std::move(attributes), std::move(parameters));
  const auto activation = source_.activation_quantizers().find(node.name);
  if (activation != source_.activation_quantizers().end()) activations_.insert(*activation);
}

std::string ModelBuilder::add(std::string name, std::string op, std::vector<std::string> inputs,
                              std::map<std::string, net::Attribute> attributes,
                              std::map<std::string, learn::Parameter> parameters) {
  for (auto& input : inputs) input = target(input);
  net_.add(name, std::move(op), std::move(inputs), std::move(attributes));
  for (auto& [parameter_name, parameter] : parameters) parameters_[name + "." + parameter_name] = std::move(parameter);
  return name;
}

void ModelBuilder::redirect(const std::string& from, const std::string& to) {
  if (from == to) redirections_.erase(from);
  else redirections_[from] = to;
}

std::string ModelBuilder::fresh_name(const std::string& base) const {
  std::string name = base;
  for (int i = 2; net_.contains(name) || source_.net().contains(name); ++i) name = fmt::format("{}_{}", base, i);
  return name;
}

learn::Model ModelBuilder::finish() {
  learn::Model model(net_, 0);
  for (auto& [name, parameter] : model.parameters()) {
    const auto given = parameters_.find(name);
    if (given == parameters_.end()) continue;
    if (given->second.latent.sizes() != parameter.latent.sizes())
      fail(ErrorKind::internal, name, "rewriting gave [{}] for [{}]", fmt::join(given->second.latent.sizes(), ", "),
           fmt::join(parameter.latent.sizes(), ", "));
    const net::ParameterRole role = parameter.role;
    parameter = given->second;
    parameter.role = role;
  }
  model.activation_quantizers() = activations_;
  return model;
}

learn::Parameter make_parameter(const at::Tensor& value, net::ParameterRole role) {
  learn::Parameter parameter;
  parameter.role = role;
  parameter.latent = value.detach().to(at::kFloat).contiguous().clone();
  parameter.latent.set_requires_grad(role != net::ParameterRole::buffer);
  return parameter;
}

}  // namespace tern::compress
