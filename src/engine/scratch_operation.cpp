#include <memory>
#include <vector>

#include "engine/operation.hpp"

namespace tern::engine {

void ScratchOperation::run(Extent extent, std::span<const float* const> src, float* dst) const {
  Workers workers{num_threads(), nullptr, whole_lines(scratch_bytes(extent))};
  std::vector<std::byte> memory(static_cast<std::size_t>(workers.count) * workers.scratch_bytes + 64);
  void* begin = memory.data();
  std::size_t space = memory.size();
  workers.scratch = static_cast<std::byte*>(std::align(64, space - 64, begin, space));
  run_in(extent, src, dst, workers);
}

}  // namespace tern::engine
