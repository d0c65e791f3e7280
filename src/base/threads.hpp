// Data-parallel loops. The pool is OpenMP's, the same that libtorch and oneDNN use, so that no two pools compete; a caller
// with a ThreadPool of its own puts it in place with a PoolScope.
#pragma once

#include <cstdint>

namespace tern {

class ThreadPool;

/// Processors that this process may run on.
int available_processors();

/// Threads that parallel_for may use. At least 1; default: what OpenMP offers.
int num_threads();
void set_num_threads(int count);

/// While it lives, parallel_for of this thread runs on `pool`, or null: on this thread alone. Scopes nest.
class PoolScope {
 public:
  explicit PoolScope(ThreadPool* pool);
  ~PoolScope();
  PoolScope(const PoolScope&) = delete;
  PoolScope& operator=(const PoolScope&) = delete;

 private:
  ThreadPool* const pool_before_;
  const bool was_set_;
};

namespace detail {
using RangeFunction = void (*)(const void* body, std::int64_t begin, std::int64_t end);
void parallel_for(std::int64_t count, std::int64_t grain, RangeFunction function, const void* body);
}  // namespace detail

/// Splits [0, count) into at most num_threads() contiguous ranges of at least `grain` items and calls
/// body(begin, end) once for each. The split depends only on count, grain and the number of threads. Ranges run
/// serially when called from inside another parallel_for. The first exception thrown by a range is rethrown here.
/// Allocates nothing.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, const Body& body) {
  detail::parallel_for(
      count, grain,
      [](const void* context, std::int64_t begin, std::int64_t end) { (*static_cast<const Body*>(context))(begin, end); },
      &body);
}

}  // namespace tern
