// Counts what operator new hands out, so that a target can hold a reader to what its documentation promises.
#pragma once

#include <cstddef>

namespace tern::fuzz {

/// While one lives, more than `bytes` allocated beyond what stood when it was made ends the program with a message that
/// begins with `what`. One at a time.
class AllocationLimit {
 public:
  AllocationLimit(const char* what, std::size_t bytes);
  ~AllocationLimit();
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;

  /// The most that was allocated at once so far.
  std::size_t peak() const;
};

}  // namespace tern::fuzz
