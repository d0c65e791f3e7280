// Threads and memory of one run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/threads.hpp"

namespace tern::engine {

/// A whole number of cache lines.
constexpr std::size_t whole_lines(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

struct Workers {
  std::int64_t count = 1;         ///< parts that a loop may have
  std::byte* scratch = nullptr;   ///< `count` times scratch_bytes, aligned to 64
  std::size_t scratch_bytes = 0;  ///< of one part, whole lines

  std::byte* part_scratch(std::int64_t part) const { return scratch + static_cast<std::size_t>(part) * scratch_bytes; }

  /// Calls body(part, parts, scratch) for at most `most` parts.
  template <class Body>
  void parts(std::int64_t most, const Body& body) const {
    const std::int64_t parts = std::clamp<std::int64_t>(most, 1, count);
    if (parts == 1) return body(std::int64_t{0}, parts, scratch);
    parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t part = begin; part < end; ++part) body(part, parts, part_scratch(part));
    });
  }

  /// Calls body(begin, end, scratch) over [0, n), in at most `most` parts.
  template <class Body>
  void split(std::int64_t n, std::int64_t most, const Body& body) const {
    parts(std::min(n, most), [&](std::int64_t part, std::int64_t parts, std::byte* memory) {
      body(n * part / parts, n * (part + 1) / parts, memory);
    });
  }
};

}  // namespace tern::engine
