// What a kernel takes along: the nodes behind it that work element by element become its epilogue.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan/layer_step.hpp"
#include "net/net.hpp"
#include "pack/model_file.hpp"

namespace tern::engine {

/// Where a sum reads its other side: storage of its codes or floats; none where it is not made yet.
using ResidualOf = std::function<std::optional<std::size_t>(const std::string& node)>;

/// Sets `kernel`, which computes `first`, to compute as many of the nodes behind it as it can: batch norm, one sum, relu
/// or relu6, in that order, and dropouts anywhere, as long as nobody else reads the values in between. Returns those
/// nodes in order.
std::vector<const net::Node*> absorb_followers(const pack::PackedModel& model, const net::Node& first, LayerStep& kernel,
                                               const ResidualOf& residual_of);

}  // namespace tern::engine
