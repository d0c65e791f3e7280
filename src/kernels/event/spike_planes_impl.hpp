// What the instruction sets provide for planes of spikes. Private to this folder.
#pragma once

#include <cstdint>

#include "kernels/event/spike_planes.hpp"

namespace tern::kernels {

/// Output rows [first, last) of a pool.
struct SpikePoolJob {
  const SpikePool& pool;
  const std::uint64_t* src;
  void* dst;
  std::int64_t first, last;
};

struct SpikePlaneKernels {
  std::int64_t (*count)(const std::uint64_t* src, std::int64_t words);
  void (*max_pool)(const SpikePoolJob&);
  void (*sum_pool)(const SpikePoolJob&);
};

namespace spike_planes_scalar {
extern const SpikePlaneKernels kernels;
}
namespace spike_planes_vnni {
extern const SpikePlaneKernels kernels;
}

}  // namespace tern::kernels
