// Accelerators small enough to count on paper.
#pragma once

#include <string>

#include "base/error.hpp"
#include "cost/accelerator.hpp"
#include "net/net.hpp"

namespace tern::cost {

/// DRAM and a buffer of 1 KiB that weights bypass; `elements` elements with roomy scratchpads; every energy
/// is 1 pJ a bit or an operation, so that energies count accesses.
inline Accelerator tiny_accelerator(int elements = 1) {
  const auto level = [](std::string name, std::int64_t bytes, bool weights) {
    MemoryLevel memory;
    memory.name = std::move(name);
    memory.capacity_bytes = bytes;
    memory.word_bits = 1;
    memory.read_energy_pj = memory.write_energy_pj = 1;
    memory.bandwidth_words_per_cycle = 64;
    memory.holds = {weights, true, true, true};
    memory.encodings = {Encoding::dense, Encoding::rle, Encoding::cp, Encoding::uop, Encoding::bitmask};
    return memory;
  };
  Accelerator accelerator;
  accelerator.name = "tiny";
  accelerator.memories = {level("dram", 0, true), level("glb", 1024, false)};
  accelerator.schedule = Schedule::layer_by_layer;
  accelerator.array.cols = elements;
  accelerator.array.multiply_energy_pj = accelerator.array.accumulate_energy_pj = 1;
  accelerator.array.compare_energy_pj = 1;
  accelerator.array.input = accelerator.array.weight = accelerator.array.psum = {64, 8, 1, 1};
  accelerator.noc_word_bits = 1;
  accelerator.noc_energy_pj = 1;
  accelerator.metadata_energy_pj = 1;
  return accelerator;
}

/// input [2, 6, 6], conv1 3x3 to 4 channels, lif1, pool1, flatten, fc1 to 3, mean_time; 4 steps.
inline net::Net tiny_net(std::int64_t steps = 4) {
  net::Net net("tiny", steps);
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{2, 6, 6}}});
  net.add("conv1", "conv2d", {"input"}, {{"out_channels", 4}, {"padding", 1}});
  net.add("lif1", "lif", {"conv1"});
  net.add("pool1", "max_pool2d", {"lif1"});
  net.add("flatten", "flatten", {"pool1"});
  net.add("fc1", "linear", {"flatten"}, {{"out_features", 3}});
  net.add("rate", "mean_time", {"fc1"});
  return net;
}

/// The message of the Error that `action` throws; "no error" without one.
template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace tern::cost
