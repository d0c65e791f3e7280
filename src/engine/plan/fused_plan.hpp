// A planned network: fused steps and their memory. Private to the engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/layers/choose.hpp"
#include "engine/plan/lowering.hpp"

namespace tern::engine {

/// Immutable and shared by every Arena that runs it.
class FusedPlan {
 public:
  /// Errors: as lower().
  FusedPlan(const pack::PackedModel& model, const Options& options) : lowered_(lower(model, options)) {
    keep_choices(options);
  }

  const std::vector<std::unique_ptr<Step>>& steps() const { return lowered_.steps; }
  const std::vector<Storage>& storages() const { return lowered_.storages; }
  std::size_t weight_bytes() const;
  /// Steps, with their values for each channel, and what is known about them.
  std::size_t other_bytes() const;
  /// Of one thread.
  std::size_t scratch_bytes(std::int64_t num_steps) const;

 private:
  LoweredNet lowered_;
};

/// The memory in which one caller runs a plan, sample by sample; made once, then nothing is allocated.
class Arena {
 public:
  /// Loops have at most num_threads parts; whose threads run them is up to the caller (PoolScope).
  Arena(std::shared_ptr<const FusedPlan> plan, std::int64_t num_steps, int num_threads);

  /// One sample in the Net's order: input [num_steps, shape...], output likewise.
  void run(const float* input, float* output);
  /// The same, with the microseconds that each step took.
  void run(const float* input, float* output, std::vector<double>& microseconds);

  std::size_t bytes() const { return bytes_; }
  std::int64_t num_steps() const { return num_steps_; }

 private:
  RunState state(const float* input, float* output);

  std::shared_ptr<const FusedPlan> plan_;
  std::vector<Storage> storages_;
  std::int64_t num_steps_;
  Workers workers_;
  std::unique_ptr<bool> input_is_spikes_ = std::make_unique<bool>(false);
  std::size_t activation_bytes_ = 0, bytes_ = 0;
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> memory_;
};

}  // namespace tern::engine
