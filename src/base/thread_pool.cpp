#include "base/thread_pool.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#if defined(__linux__)
#include <sched.h>
#endif

#include "base/error.hpp"

namespace tern {
namespace {

constexpr int most_threads = 1024;
/// One to two milliseconds, as long as OpenMP's idle threads spin or shorter: who sleeps on a busy machine is woken on its
/// waker's processor.
constexpr int most_spins = 20000;

thread_local bool inside = false;  // of a range of any pool

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns when `word` no longer is `value`: sees it at once for a while, then sleeps.
void wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t value, int spins) {
  for (int i = 0; i < spins; ++i) {
    if (word.load(std::memory_order_acquire) != value) return;
    pause();
  }
  word.wait(value, std::memory_order_acquire);
}

/// Moves this thread to the processor that is `distance` further in the list of those it may use, and lets it go again: on
/// a busy machine a new thread otherwise stays where its maker runs, and both take turns there.
void spread([[maybe_unused]] int maker, [[maybe_unused]] int distance) {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;  // more processors than fit: left to the system
  const int count = CPU_COUNT(&allowed);
  for (int processor = maker, left = distance % count; count > 1;) {
    if (left == 0 && CPU_ISSET(processor, &allowed)) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(processor, &one);
      if (sched_setaffinity(0, sizeof one, &one) == 0) sched_setaffinity(0, sizeof allowed, &allowed);
      return;
    }
    processor = (processor + 1) % CPU_SETSIZE;
    if (left > 0 && CPU_ISSET(processor, &allowed)) --left;
  }
#endif
}

int current_processor() {
#if defined(__linux__)
  return std::max(0, sched_getcpu()) % CPU_SETSIZE;
#else
  return 0;
#endif
}

}  // namespace

ThreadPool::ThreadPool(int size)
    : spins_(size <= static_cast<int>(std::thread::hardware_concurrency()) ? most_spins : 0) {
  if (size < 1 || size > most_threads)
    fail(ErrorKind::usage, "thread pool", "expected 1 to {} threads, got {}", most_threads, size);
  try {
    threads_.reserve(static_cast<std::size_t>(size) - 1);
    for (int i = 1; i < size; ++i)
      threads_.emplace_back([this, maker = current_processor(), i] {
        spread(maker, i);
        serve();
      });
  } catch (const std::system_error& error) {
    const std::size_t started = threads_.size();
    stop();
    fail(ErrorKind::io, "thread pool", "cannot start thread {} of {}: {}", started + 2, size, error.what());
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  stopping_.store(true, std::memory_order_release);
  signals_.fetch_add(1, std::memory_order_release);
  signals_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

int ThreadPool::num_parts(std::int64_t count, std::int64_t grain) const {
  if (count <= 0) return 0;
  return static_cast<int>(std::clamp<std::int64_t>(count / std::max<std::int64_t>(1, grain), 1, size()));
}

void ThreadPool::run_parts(const Job& job) {
  std::unique_lock lock(busy_, std::defer_lock);
  if (job.parts <= 1 || inside || !lock.try_lock()) {
    std::exception_ptr failure;
    const bool was_inside = std::exchange(inside, true);
    for (int part = 0; part < job.parts; ++part) {
      try {
        job.call(job.context, job.count * part / job.parts, job.count * (part + 1) / job.parts, part);
      } catch (...) {
        if (!failure) failure = std::current_exception();
      }
    }
    inside = was_inside;
    if (failure) std::rethrow_exception(failure);
    return;
  }
  job_ = job;
  failure_ = nullptr;
  left_.store(static_cast<std::uint32_t>(job.parts), std::memory_order_relaxed);
  claims_.store(static_cast<std::uint64_t>(job.parts) << 32, std::memory_order_release);
  signals_.fetch_add(1, std::memory_order_release);
  signals_.notify_all();
  while (take_part()) {
  }
  for (std::uint32_t left = left_.load(std::memory_order_acquire); left != 0; left = left_.load(std::memory_order_acquire))
    wait_while(left_, left, spins_);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

/// A part is taken before the job is looked at: until it is done, the job stays what it is.
bool ThreadPool::take_part() {
  std::uint64_t claims = claims_.load(std::memory_order_acquire);
  do {
    if ((claims & 0xFFFFFFFFU) >= claims >> 32) return false;
  } while (!claims_.compare_exchange_weak(claims, claims + 1, std::memory_order_acq_rel, std::memory_order_acquire));
  run_part(job_, static_cast<int>(claims & 0xFFFFFFFFU));
  if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) left_.notify_all();
  return true;
}

void ThreadPool::run_part(const Job& job, int part) {
  const bool was_inside = std::exchange(inside, true);
  try {
    job.call(job.context, job.count * part / job.parts, job.count * (part + 1) / job.parts, part);
  } catch (...) {
    const std::lock_guard lock(failure_mutex_);
    if (!failure_ || part < failed_part_) {
      failure_ = std::current_exception();
      failed_part_ = part;
    }
  }
  inside = was_inside;
}

void ThreadPool::serve() {
  for (;;) {
    const std::uint32_t signal = signals_.load(std::memory_order_acquire);
    while (take_part()) {
    }
    if (stopping_.load(std::memory_order_acquire)) return;
    wait_while(signals_, signal, spins_);
  }
}

}  // namespace tern
