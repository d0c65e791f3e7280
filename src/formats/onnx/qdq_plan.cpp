#include "formats/onnx/qdq_plan.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "formats/onnx/folded_borders.hpp"
#include "net/quantized_source.hpp"

namespace tern::onnx {
namespace {

bool is_one_of(const net::Node& node, std::initializer_list<std::string_view> ops) {
  return std::find(ops.begin(), ops.end(), node.op) != ops.end();
}

bool is_kernel(const net::Node& node) {
  return is_one_of(node, {"conv2d", "linear"});
}

/// Values are moved, repeated or dropped, never changed; zeros are codes too, and what never wins is the
/// smallest one.
bool moves_values(const net::Node& node) {
  if (node.op == "pad2d") {
    const double value = std::get<double>(node.attributes.at("value"));
    return value == 0.0 || value <= never_wins;
  }
  return is_one_of(node, {"max_pool2d", "flatten", "dropout", "slice", "upsample2d"});
}

/// The smallest 8-bit grid that holds the range and zero.
ActivationCoding from_range(float smallest, float largest) {
  const float low = std::min(smallest, 0.0F), high = std::max(largest, 0.0F);
  ActivationCoding coding;
  coding.scale = std::max((high - low) / 255.0F, 1e-20F);
  coding.zero_point = std::clamp<std::int64_t>(std::llround(-low / coding.scale), 0, 255);
  return coding;
}

}  // namespace

ActivationCoding coding_of(const pack::PackedModel& model, const net::Node& quantize) {
  const auto number = [&](const char* name) {
    return pack::dequantize(model.tensors.at(quantize.name + name))[0];
  };
  const auto [low, high] = net::code_range(model.net, quantize);
  ActivationCoding coding{high - low > 255 ? 16 : 8, number(".scale")};
  const std::int64_t shift = low < 0 ? std::int64_t{1} << (coding.bits - 1) : 0;
  coding.zero_point = std::llround(number(".zero_point")) + shift;
  coding.low = low + shift, coding.high = high + shift;
  if (coding.zero_point < coding.low || coding.zero_point > coding.high)
    fail(ErrorKind::unsupported, "node '" + quantize.name + "'",
         "its zero point {} is none of its codes {}..{}", coding.zero_point - shift, low, high);
  return coding;
}

QdqPlan::QdqPlan(const net::Net& net) : net_(net) {
  for (const auto& node : net.nodes())
    for (const auto& source : node.inputs) readers_[net.node(source).name].push_back(&node);
  for (const auto& node : net.nodes())
    if (const net::Node* next = is_kernel(node) ? only_reader(node) : nullptr;
        next && next->op == "batch_norm")
      norms_[node.name] = next, folded_[next->name] = &node;
  for (const auto& node : net.nodes()) {
    if (node.op == "quantize" || is_inside(node)) continue;
    const net::Node* const ahead = quantize_ahead(node);
    if (ahead && only_reader(node) == ahead) continue;  // what it writes is not quantized twice
    if (ahead)
      same_as_[node.name] = ahead->name;
    else if (moves_values(node))
      same_as_[node.name] = net.node(node.inputs[0]).name;
    else if (!is_at_the_end(node))
      to_measure_.push_back(node.name);
  }
}

const net::Node* QdqPlan::only_reader(const net::Node& node) const {
  const auto found = readers_.find(node.name);
  return found != readers_.end() && found->second.size() == 1 ? found->second[0] : nullptr;
}

const net::Node* QdqPlan::folded_norm(std::string_view kernel) const {
  const auto found = norms_.find(kernel);
  return found == norms_.end() ? nullptr : found->second;
}

const net::Node* QdqPlan::quantize_ahead(const net::Node& node) const {
  const net::Node* next = only_reader(node);
  while (next && moves_values(*next)) next = only_reader(*next);
  return next && next->op == "quantize" ? next : nullptr;
}

/// Computed together with its only reader: a kernel with its batch norm, either or a sum with its relu.
bool QdqPlan::is_inside(const net::Node& node) const {
  const net::Node* const next = only_reader(node);
  if (!next) return false;
  if (is_kernel(node) && folded_norm(node.name)) return true;
  return (is_kernel(node) || is_folded(node.name) || node.op == "add") && is_one_of(*next, {"relu", "relu6"});
}

/// Scores, and what only scores read, keep their floats; a convolution is fused only where integers follow.
bool QdqPlan::is_at_the_end(const net::Node& node) const {
  const auto found = readers_.find(node.name);
  if (found != readers_.end())
    for (const net::Node* reader : found->second)
      if (!is_one_of(*reader, {"softmax", "vote"})) return false;
  return is_one_of(node, {"linear", "avg_pool2d", "global_avg_pool", "softmax", "vote", "input"}) ||
         (is_folded(node.name) && folded_.at(node.name)->op == "linear");
}

std::map<std::string, ActivationCoding, std::less<>> QdqPlan::codings(const pack::PackedModel& model,
                                                                      const Ranges& ranges) const {
  std::map<std::string, ActivationCoding, std::less<>> codings;
  std::vector<std::string> missing;
  for (const auto& node : net_.nodes())
    if (node.op == "quantize") codings[node.name] = coding_of(model, node);
  for (const auto& name : to_measure_) {
    const auto found = ranges.find(name);
    if (found == ranges.end() || !std::isfinite(found->second.first) || !std::isfinite(found->second.second))
      missing.push_back(name);
    else
      codings[name] = from_range(found->second.first, found->second.second);
  }
  if (!missing.empty())
    fail(ErrorKind::usage, "net '" + net_.name() + "'",
         "the ranges of {} nodes must be measured on samples: {}", missing.size(), fmt::join(missing, ", "));
  for (const auto& node : net_.nodes())
    if (const auto same = same_as_.find(node.name); same != same_as_.end())
      if (const auto found = codings.find(same->second); found != codings.end())
        codings[node.name] = ActivationCoding(found->second);
  return codings;
}

}  // namespace tern::onnx
