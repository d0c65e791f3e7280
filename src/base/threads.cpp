#include "base/threads.hpp"

#include <algorithm>
#include <exception>

#include <omp.h>

namespace tern {

int available_processors() { return std::max(1, omp_get_num_procs()); }

int num_threads() { return std::max(1, omp_get_max_threads()); }

void set_num_threads(int count) { omp_set_num_threads(std::max(1, count)); }

void parallel_for(std::int64_t count, std::int64_t grain,
                  const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (count <= 0) return;
  const std::int64_t most = (count + std::max<std::int64_t>(1, grain) - 1) / std::max<std::int64_t>(1, grain);
  const int parts = omp_in_parallel() ? 1 : static_cast<int>(std::min<std::int64_t>(num_threads(), most));
  if (parts <= 1) return body(0, count);
  std::exception_ptr failure;
#pragma omp parallel for schedule(static, 1) num_threads(parts)
  for (int part = 0; part < parts; ++part) {
    try {
      body(count * part / parts, count * (part + 1) / parts);
    } catch (...) {
#pragma omp critical(tern_parallel_for_failure)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tern
