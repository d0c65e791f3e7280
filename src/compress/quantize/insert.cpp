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

constexpr std::string_view value_keeping[] = {"max_pool2d", "flatten", "dropout"};

bool keeps_values(const net::Node& node) {
  return std::find(std::begin(value_keeping), std::end(value_keeping), node.op) != std::end(value_keeping);
}

/// Kernels, and what hands them its input unchanged.
bool reads_for_kernel(const net::Net& net, const net::Node& node) {
  if (is_kernel(node) || node.op == "propagate") return true;
  if (!keeps_values(node)) return false;
  const auto readers = net.readers(node.name);
  return std::any_of(readers.begin(), readers.end(),
                     [&](const net::Node* reader) { return reads_for_kernel(net, *reader); });
}

bool has_shortcut(const net::Net& net, const net::Node& node) {
  const auto readers = net.readers(node.name);
  return std::any_of(readers.begin(), readers.end(),
                     [&](const net::Node* reader) { return !reads_for_kernel(net, *reader); });
}

}  // namespace

const net::Node& producer_of(const net::Net& net, std::string_view source) {
  const net::Node* node = &net.node(source);
  while (keeps_values(*node)) node = &net.node(node->inputs[0]);
  return *node;
}

std::vector<ActivationSite> activation_sites(const net::Net& net, const std::map<std::string, int>& bits_of_kernel,
                                             bool input_is_signed, int input_bits, int shortcut_bits) {
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
    if (const auto found = bits.find(node.name); found != bits.end()) {
      const bool is_split = node.op != "input" && shortcut_bits > found->second && has_shortcut(net, node);
      sites.push_back({.producer = node.name, .bits = found->second,
                       .is_signed = !is_never_negative(net, node, input_is_signed),
                       .shortcut_bits = is_split ? shortcut_bits : 0});
    }
  return sites;
}

learn::Model insert_activation_nodes(const learn::Model& model, const std::vector<ActivationSite>& sites) {
  ModelBuilder builder(model);
  struct Split {
    std::string codes, shortcut;  ///< what kernels read, and others
  };
  std::map<std::string, Split> splits;  // by producer
  const auto add_quantize = [&](const std::string& name, const std::string& source, int bits,
                                const ActivationSite& site) {
    return builder.add(builder.fresh_name(name), "quantize", {source},
                       {{"bits", static_cast<std::int64_t>(bits)}, {"signed", site.is_signed}},
                       {{"scale", make_parameter(at::full({1}, site.scale), net::ParameterRole::buffer)}});
  };
  for (const auto& node : model.net().nodes()) {
    for (const auto& input : node.inputs)
      if (const auto split = splits.find(input); split != splits.end())
        builder.redirect(input, reads_for_kernel(model.net(), node) ? split->second.codes : split->second.shortcut);
    builder.keep(node);
    const auto site = std::find_if(sites.begin(), sites.end(),
                                   [&](const ActivationSite& entry) { return entry.producer == node.name; });
    if (site == sites.end()) continue;
    const bool has_shortcut_codes = site->shortcut_bits > 0 && site->shortcut_bits < 32;
    const std::string shortcut =
        has_shortcut_codes ? add_quantize(node.name + "_shortcut_quant", node.name, site->shortcut_bits, *site)
                           : node.name;
    const std::string codes = add_quantize(node.name + "_quant", shortcut, site->bits, *site);
    if (site->shortcut_bits > 0) splits[node.name] = {codes, shortcut};
    else builder.redirect(node.name, codes);
  }
  return builder.finish();
}

learn::Model remove_activation_nodes(const learn::Model& model) {
  ModelBuilder builder(model);
  for (const auto& node : model.net().nodes())
    node.op == "quantize" ? builder.redirect(node.name, node.inputs[0]) : builder.keep(node);
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
