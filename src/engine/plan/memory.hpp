// Which activation lies where: storages whose lifetimes do not meet share memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/plan/storage.hpp"

namespace tern::engine {

/// Sets `begin` of each storage, a multiple of 64, so that no two that live at the same step overlap; returns the bytes
/// that all of them span. Largest first, each at the lowest free place (Pisarchyk and Lee 2020, Efficient Memory
/// Management for Deep Neural Net Inference, "greedy by size").
std::size_t plan_memory(std::vector<Storage>& storages, std::int64_t num_steps);

}  // namespace tern::engine
