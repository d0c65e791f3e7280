#include "compress/quantize/insert.hpp"

#include <algorithm>
#include <initializer_list>

#include "compress/model_builder.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

bool is_one_of(const std::string& op, std::initializer_list<std::string_view> ops) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

bool is_kernel(const net::Node& node) { return is_one_of(node.op, {"conv2d", "linear"}); }
bool is_spiking(const net::Node& node) { return is_one_of(node.op, {"if", "lif"}); }

bool is_never_negative(const net::Net& net, const net::Node& node, bool input_is_signed) {
  if (node.op == "input") return !input_is_signed;
  if (is_one_of(node.op, {"relu", "relu6", "sigmoid", "hard_sigmoid", "if", "lif"})) return true;
  if (node.op == "quantize") return !net.context(node).flag("signed");
  if (!is_one_of(node.op, {"max_pool2d", "avg_pool2d", "global_avg_pool", "flatten", "dropout", "mean_time", "add",
                           "multiply", "concat"}))
    return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& input) {
    return is_never_negative(net, net.node(input), input_is_signed);
  });
}

}  // namespace

const net::Node& producer_of(const net::Net& net, std::string_view source) {
  const net::Node* node = &net.node(source);
  while (is_one_of(node->op, {"max_pool2d", "flatten", "dropout"})) node = &net.node(node->inputs[0]);
  return *node;
}

std::vector<ActivationSite> activation_sites(const net::Net& net, const std::map<std::string, int>& bits_of_kernel,
                                             bool input_is_signed, int input_bits) {
  std::map<std::string, int> bits;  // by producer
  for (const auto& [name, wanted] : bits_of_kernel) {
    if (wanted > 16 || !(is_kernel(net.node(name)) || net.node(name).op == "propagate")) continue;
    const net::Node& producer = producer_of(net, net.node(name).inputs[0]);
    if (producer.op == "quantize" || is_spiking(producer)) continue;
    int& found = bits[producer.name];
    found = std::max(found, producer.op == "input" ? input_bits : wanted);
  }
  std::vector<ActivationSite> sites;
  for (const auto& node : net.nodes())
    if (const auto found = bits.find(node.name); found != bits.end())
      sites.push_back({node.name, found->second, !is_never_negative(net, node, input_is_signed)});
  return sites;
}

learn::Model insert_activation_nodes(const learn::Model& model, const std::vector<ActivationSite>& sites) {
  ModelBuilder builder(model);
  for (const auto& node : model.net().nodes()) {
    builder.keep(node);
    const auto site = std::find_if(sites.begin(), sites.end(),
                                   [&](const ActivationSite& entry) { return entry.producer == node.name; });
    if (site == sites.end()) continue;
    const std::string name = builder.add(
        builder.fresh_name(node.name + "_quant"), "quantize", {node.name},
        {{"bits", static_cast<std::int64_t>(site->bits)}, {"signed", site->is_signed}},
        {{"scale", make_parameter(at::full({1}, site->scale), net::ParameterRole::buffer)}});
    builder.redirect(node.name, name);
  }
  return builder.finish();
}

std::string quantize_node_behind(const net::Net& net, const std::string& producer) {
  for (const net::Node* reader : net.readers(producer))
    if (reader->op == "quantize") return reader->name;
  return {};
}

std::vector<std::string> kernels_of_float_input(const net::Net& net) {
  std::vector<std::string> names;
  for (const auto& node : net.nodes()) {
    if (!is_kernel(node)) continue;
    const net::Node& producer = producer_of(net, node.inputs[0]);
    if (producer.op != "quantize" && !is_spiking(producer)) names.push_back(node.name);
  }
  return names;
}

}  // namespace tern::compress
