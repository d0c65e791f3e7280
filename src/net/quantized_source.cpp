#include "net/quantized_source.hpp"

#include <algorithm>
#include <cmath>

namespace tern::net {

const Node* quantized_source(const Net& net, std::string_view source) {
  const Node* node = &net.node(source);
  while (node->op == "max_pool2d" || node->op == "flatten" || node->op == "dropout") node = &net.node(node->inputs[0]);
  return node->op == "quantize" ? node : nullptr;
}

std::pair<std::int64_t, std::int64_t> code_range(const Net& net, const Node& quantize) {
  const OpContext context = net.context(quantize);
  const std::int64_t bits = context.integer("bits");
  if (context.flag("signed")) return {-(std::int64_t{1} << (bits - 1)), (std::int64_t{1} << (bits - 1)) - 1};
  return {0, (std::int64_t{1} << bits) - 1};
}

double largest_integer(const Net& net, const Node& quantize, double zero_point) {
  const auto [low, high] = code_range(net, quantize);
  return std::max(std::abs(static_cast<double>(low) - zero_point), std::abs(static_cast<double>(high) - zero_point));
}

}  // namespace tern::net
