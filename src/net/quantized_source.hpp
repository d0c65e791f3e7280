// Which activations are integers in disguise.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "net/net.hpp"

namespace tern::net {

/// The `quantize` node whose integers reach input `source` unchanged, through max_pool2d, flatten and dropout; null
/// where the values are no integers times one scale. Kernels then sum integers, which is exact, and scale afterwards.
const Node* quantized_source(const Net& net, std::string_view source);

/// {smallest, largest} code of a `quantize` node.
std::pair<std::int64_t, std::int64_t> code_range(const Net& net, const Node& quantize);

/// Largest magnitude of the integers code - zero_point that a `quantize` node hands to its readers.
double largest_integer(const Net& net, const Node& quantize, double zero_point);

/// Integers up to 2^24 are exact in float. A sum of products is, in any order, where the weights' absolute sum times the
/// largest source stays within it; else kernels sum in double and round once.
constexpr bool fits_float(double absolute_weights, double largest_source) {
  return absolute_weights * largest_source <= 16777216.0;
}

}  // namespace tern::net
