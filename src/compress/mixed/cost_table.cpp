#include "compress/mixed/cost_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.hpp"
#include "compress/select_layers.hpp"
#include "learn/torch.hpp"
#include "net/quantized_source.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t float_bits = 32, reference_bits = 8;

/// Cost = `per_bit` * width.
void add_weight(CostTable& table, const learn::Model& model, const std::vector<std::string>& names,
                const std::vector<int>& bits, const std::string& weight, std::int64_t per_bit) {
  if (std::find(names.begin(), names.end(), weight) == names.end()) {
    table.fixed += per_bit * model.parameters().at(weight).bits();
    return;
  }
  for (const int width : bits) table.costs[weight].push_back(per_bit * width);
}

std::int64_t planned_source_bits(const net::Net& net, const net::Node& node) {
  if (const net::Node* quantize = net::quantized_source(net, node.inputs[0]))
    return net.context(*quantize).integer("bits");
  const net::Node* source = &net.node(node.inputs[0]);
  while (source->op == "max_pool2d" || source->op == "flatten" || source->op == "dropout")
    source = &net.node(source->inputs[0]);
  return source->op == "if" || source->op == "lif" ? 1 : float_bits;
}

/// The node's MACs, shared out by size where it has several weights.
std::int64_t macs_of(const net::Net& net, const net::Node& node, std::int64_t num_weights) {
  std::int64_t all = 0;
  for (const auto& parameter : net.parameters(node))
    if (parameter.role == net::ParameterRole::weight) all += net::num_elements(parameter.shape);
  return net.work(node).macs * num_weights / all;
}

}  // namespace

CostTable size_costs(const learn::Model& model, const std::vector<std::string>& names, const std::vector<int>& bits) {
  CostTable table{.unit = "B", .costs_per_unit = 8};
  for (const auto& name : model.weight_names()) {
    const std::int64_t count = model.parameters().at(name).latent.numel();
    table.reference += count * float_bits;
    add_weight(table, model, names, bits, name, count);
  }
  return table;
}

CostTable bit_operation_costs(const learn::Model& model, const std::vector<std::string>& names,
                              const std::vector<int>& bits) {
  CostTable table{.unit = "G", .costs_per_unit = 1e9};
  for (const auto& name : model.weight_names()) {
    const net::Node& node = model.net().node(node_of(name));
    const std::int64_t macs = macs_of(model.net(), node, model.parameters().at(name).latent.numel());
    table.reference += macs * reference_bits * reference_bits;
    add_weight(table, model, names, bits, name, macs * planned_source_bits(model.net(), node));
  }
  return table;
}

CostLimit parse_cost_limit(std::string_view text, std::string_view unit, std::string_view option) {
  const std::string copy(text);
  char* end = nullptr;
  const double amount = std::strtod(copy.c_str(), &end);
  const std::string_view rest(end);
  if (end == copy.c_str() || !std::isfinite(amount) || amount <= 0 || (!rest.empty() && rest != unit))
    fail(ErrorKind::usage, "plan", "{}= takes a fraction up to 1, or an amount as in 2.5{}; got '{}'", option, unit, text);
  return {amount, rest.empty() && amount <= 1};
}

std::int64_t budget_of(const CostTable& table, CostLimit limit) {
  const double costs = limit.amount * (limit.is_fraction ? static_cast<double>(table.reference) : table.costs_per_unit);
  return static_cast<std::int64_t>(std::floor(std::min(costs, 9e18)));
}

}  // namespace tern::compress
