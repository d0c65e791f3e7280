// One fused step of a planned network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan/storage.hpp"
#include "engine/workers.hpp"

namespace tern::engine {

/// What a step sees while it runs: one sample.
struct RunState {
  std::byte* arena;
  const std::vector<Storage>& storages;
  std::int64_t num_steps;
  const float* input;   ///< the caller's, in the Net's order
  float* output;        ///< likewise
  Workers workers;
  bool* input_is_spikes;  ///< set by the step that reads the input as bits; false: the floats hold it

  /// First byte, word or float of a frame's element (0, 0).
  template <class T>
  T* at(std::size_t storage, std::int64_t frame) const {
    const Storage& s = storages[storage];
    return reinterpret_cast<T*>(arena + s.begin + Storage::slack) + frame * s.frame() + s.origin();
  }
};

/// Facts about one step, for `describe` and measurements.
struct StepFacts {
  std::string nodes;         ///< names of the Net's nodes that it computes, joined by " + "
  std::string kernel;        ///< name of its kernel
  std::int64_t macs = 0;     ///< of one frame
  std::size_t weight_bytes = 0;
  std::vector<std::pair<std::string, double>> candidates;  ///< kernels measured and their microseconds, fastest first
  bool measured = false;     ///< those were measured for this plan, not remembered
};

class Step {
 public:
  virtual ~Step() = default;
  /// Called once all storages have their final layout: chooses and packs kernels.
  virtual void prepare(const std::vector<Storage>&) {}
  virtual void run(const RunState& state) const = 0;
  /// Whether its storages of floats may lie in borders of zeros, kept by whoever writes them.
  virtual bool takes_borders() const { return false; }
  /// Of one worker, after prepare.
  virtual std::size_t scratch_bytes(std::int64_t /*num_steps*/) const { return 0; }
  /// What it holds besides facts.weight_bytes, itself included.
  virtual std::size_t held_bytes() const { return sizeof(Step); }

  StepFacts facts;
  std::vector<std::size_t> reads, writes;  ///< storages
};

}  // namespace tern::engine
