// Data-parallel loops. The pool is OpenMP's, the same that libtorch and oneDNN use, so that no two pools compete.
#pragma once

#include <cstdint>
#include <functional>

namespace tern {

/// Processors that this process may run on.
int available_processors();

/// Threads that parallel_for may use. At least 1; default: what OpenMP offers.
int num_threads();
void set_num_threads(int count);

/// Splits [0, count) into at most num_threads() contiguous ranges of at least `grain` items and calls
/// body(begin, end) once for each. The split depends only on count, grain and the number of threads. Ranges run
/// serially when called from inside another parallel_for. The first exception thrown by a range is rethrown here.
void parallel_for(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace tern
