// Rewriting: a Model copied node by node into another Net, with changes on the way.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "learn/model.hpp"

namespace tern::compress {

/// Net + weights -> Net + weights. Walk the source's nodes in order; keep, replace or drop each:
///
///   ModelBuilder builder(model);
///   for (const auto& node : model.net().nodes())
///     node.op == "dropout" ? builder.redirect(node.name, node.inputs[0]) : builder.keep(node);
///   model = builder.finish();
class ModelBuilder {
 public:
  explicit ModelBuilder(const learn::Model& source);

  /// Appends a node of the source as it is, with its parameters and activation quantizer (shared, not copied).
  void keep(const net::Node& node);
  /// The same with other attributes; parameters are carried over only where `parameters` does not name them.
  void keep(const net::Node& node, std::map<std::string, net::Attribute> attributes,
            std::map<std::string, learn::Parameter> parameters = {});
  /// Appends a new node; inputs follow redirections. `parameters` by parameter name ("weight"); those left out have
  /// their initial values. Returns the name.
  std::string add(std::string name, std::string op, std::vector<std::string> inputs,
                  std::map<std::string, net::Attribute> attributes = {},
                  std::map<std::string, learn::Parameter> parameters = {});
  /// From here on nodes that read `from` read `to` instead; `to` = `from` takes that back.
  void redirect(const std::string& from, const std::string& to);
  /// `base`, or `base_2`, ... whichever neither the source nor the new Net has.
  std::string fresh_name(const std::string& base) const;

  /// The new Model. Errors: ErrorKind::internal where a tensor does not fit its node.
  learn::Model finish();

 private:
  std::string target(const std::string& name) const;

  const learn::Model& source_;
  net::Net net_;
  std::map<std::string, std::string> redirections_;
  std::map<std::string, learn::Parameter> parameters_;  // by full name
  std::map<std::string, std::shared_ptr<learn::ActivationQuantizer>> activations_;
};

/// A full-precision trainable parameter with this value.
learn::Parameter make_parameter(const at::Tensor& value, net::ParameterRole role = net::ParameterRole::weight);

}  // namespace tern::compress
