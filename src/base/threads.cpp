#include "base/threads.hpp"

#include <algorithm>
#include <exception>

#include <omp.h>

#include "base/thread_pool.hpp"

namespace tern {
namespace {

thread_local ThreadPool* scoped_pool = nullptr;
thread_local bool is_scoped = false;

}  // namespace

int available_processors() { return std::max(1, omp_get_num_procs()); }

int num_threads() { return std::max(1, omp_get_max_threads()); }

void set_num_threads(int count) { omp_set_num_threads(std::max(1, count)); }

PoolScope::PoolScope(ThreadPool* pool) : pool_before_(scoped_pool), was_set_(is_scoped) {
  scoped_pool = pool;
  is_scoped = true;
}

PoolScope::~PoolScope() {
  scoped_pool = pool_before_;
  is_scoped = was_set_;
}

void detail::parallel_for(std::int64_t count, std::int64_t grain, RangeFunction function, const void* body) {
  if (count <= 0) return;
  if (is_scoped) {
    if (scoped_pool == nullptr) return function(body, 0, count);
    scoped_pool->run(count, grain, [&](std::int64_t begin, std::int64_t end, int /*part*/) {
      const PoolScope serial(nullptr);  // of the pool's thread: loops inside are its own
      function(body, begin, end);
    });
    return;
  }
  const std::int64_t most = (count + std::max<std::int64_t>(1, grain) - 1) / std::max<std::int64_t>(1, grain);
  const int parts = omp_in_parallel() ? 1 : static_cast<int>(std::min<std::int64_t>(num_threads(), most));
  if (parts <= 1) return function(body, 0, count);
  std::exception_ptr failure;
#pragma omp parallel for schedule(static, 1) num_threads(parts)
  for (int part = 0; part < parts; ++part) {
    try {
      function(body, count * part / parts, count * (part + 1) / parts);
    } catch (...) {
#pragma omp critical(tern_parallel_for_failure)
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tern
