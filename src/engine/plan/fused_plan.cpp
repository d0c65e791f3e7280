#include "engine/plan/fused_plan.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>

#include "engine/plan/footprint.hpp"
#include "engine/plan/memory.hpp"

namespace tern::engine {

std::size_t FusedPlan::weight_bytes() const {
  std::size_t bytes = 0;
  for (const auto& step : steps()) bytes += step->facts.weight_bytes;
  return bytes;
}

std::size_t FusedPlan::other_bytes() const {
  std::size_t bytes = storages().capacity() * sizeof(Storage) + steps().capacity() * sizeof(steps()[0]);
  for (const auto& step : steps())
    bytes += step->held_bytes() + held_bytes(step->facts) +
             (step->reads.capacity() + step->writes.capacity()) * sizeof(std::size_t);
  return bytes;
}

std::size_t FusedPlan::scratch_bytes(std::int64_t num_steps) const {
  std::size_t bytes = 0;
  for (const auto& step : steps()) bytes = std::max(bytes, step->scratch_bytes(num_steps));
  return whole_lines(bytes);
}

void Arena::Free::operator()(std::byte* memory) const { std::free(memory); }

Arena::Arena(std::shared_ptr<const FusedPlan> plan, std::int64_t num_steps, int num_threads)
    : plan_(std::move(plan)), storages_(plan_->storages()), num_steps_(num_steps) {
  activation_bytes_ = plan_memory(storages_, num_steps);
  workers_ = {num_threads, nullptr, plan_->scratch_bytes(num_steps)};
  bytes_ = activation_bytes_ + workers_.scratch_bytes * static_cast<std::size_t>(num_threads) + 64;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(64, whole_lines(bytes_))));
  if (!memory_) throw std::bad_alloc();
  std::memset(memory_.get(), 0, bytes_);  // channels that pad a pixel are read, with weights of zero
  workers_.scratch = memory_.get() + activation_bytes_;
}

RunState Arena::state(const float* input, float* output) {
  return {memory_.get(), storages_, num_steps_, input, output, workers_, input_is_spikes_.get()};
}

void Arena::run(const float* input, float* output) {
  const RunState now = state(input, output);
  for (const auto& step : plan_->steps()) step->run(now);
}

void Arena::run(const float* input, float* output, std::vector<double>& microseconds) {
  using Clock = std::chrono::steady_clock;
  const RunState now = state(input, output);
  microseconds.clear();
  for (const auto& step : plan_->steps()) {
    const auto start = Clock::now();
    step->run(now);
    microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
}

}  // namespace tern::engine
