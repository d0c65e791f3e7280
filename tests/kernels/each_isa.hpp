// Runs a check on every instruction set that this machine has, and restores the one in use.
#pragma once

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "base/seed.hpp"
#include "base/threads.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {

template <typename Check>
void each_isa(const Check& check) {
  const Isa before = current_isa();
  for (const Isa isa : all_isas) {
    if (!isa_available(isa)) continue;
    SCOPED_TRACE(name_of(isa));
    force_isa(isa);
    check();
  }
  force_isa(before);
}

/// Runs a check with one thread and with two, and restores the number.
template <typename Check>
void each_thread_count(const Check& check) {
  const int before = num_threads();
  for (const int threads : {1, 2}) {
    SCOPED_TRACE(threads);
    set_num_threads(threads);
    check();
  }
  set_num_threads(before);
}

inline std::vector<float> normals(std::int64_t count, std::uint64_t seed, double mean = 0,
                                  double deviation = 1) {
  Rng rng(seed);
  std::vector<float> out(static_cast<std::size_t>(count));
  for (float& v : out) v = static_cast<float>(mean + deviation * rng.normal());
  return out;
}

}  // namespace tern::kernels
