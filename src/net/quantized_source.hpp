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

}  // namespace tern::net
