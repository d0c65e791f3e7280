// Memory that a plan holds besides weights and activations.
#pragma once

#include <cstddef>

#include "engine/plan/step.hpp"
#include "net/net.hpp"

namespace tern::engine {

/// Heap of a Net: its nodes with names, inputs and attributes, and its types.
std::size_t held_bytes(const net::Net& net);

/// Heap of the facts of a step.
std::size_t held_bytes(const StepFacts& facts);

}  // namespace tern::engine
