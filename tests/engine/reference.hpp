// The engine's specification once more, as plainly as possible: c, h, w order, loops over every index, no skipping.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pack/model_file.hpp"

namespace tern::engine {

/// A model with random tensors: weights of `bits` (32: floats), of which about half the codes are zero.
pack::PackedModel random_model(net::Net net, int bits, std::uint64_t seed);

/// Frames [num_steps, n, shape...] for the Net: spikes (0 or 1, about a fifth ones) or normal floats.
std::vector<float> random_frames(const net::Net& net, std::int64_t num_steps, std::int64_t n, bool spikes,
                                 std::uint64_t seed);

/// Every node's output, [num_steps, n, shape...] or [n, shape...], in c, h, w order.
std::map<std::string, std::vector<float>> reference_run(const pack::PackedModel& model,
                                                        const std::vector<float>& frames, std::int64_t num_steps,
                                                        std::int64_t n);

}  // namespace tern::engine
