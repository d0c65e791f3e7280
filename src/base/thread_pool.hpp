// A pool of threads of its own size, for runs of some microseconds: idle threads spin briefly, then sleep in the kernel (a futex).
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace tern {

/// Runs loops on up to `size` threads, the caller's included. Nothing is allocated once it is made.
///
/// The split of a loop depends on its count, grain and the pool's size alone; which thread takes which range does not
/// follow from it: a caller whose threads are late does their work itself. A loop inside a loop, and one that finds the
/// pool busy with another thread's, runs its ranges one after another on the thread that asked.
class ThreadPool {
 public:
  /// Starts size - 1 threads. Errors: ErrorKind::usage outside 1 .. 1024; ErrorKind::io where the system refuses.
  explicit ThreadPool(int size);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  /// Ranges that run() makes: at most size(), each of at least `grain` items (all, where there are fewer).
  int num_parts(std::int64_t count, std::int64_t grain) const;

  /// Splits [0, count) into num_parts(count, grain) contiguous ranges, as equal as they can be, and calls
  /// body(begin, end, part) once for each; returns when all are done. `part` numbers them: scratch that is kept by part is
  /// never shared. Where ranges throw, the others still run, and the exception of the lowest part is rethrown.
  template <class Body>
  void run(std::int64_t count, std::int64_t grain, const Body& body) {
    run_parts({[](const void* context, std::int64_t begin, std::int64_t end, int part) {
                 (*static_cast<const Body*>(context))(begin, end, part);
               },
               &body, count, num_parts(count, grain)});
  }

 private:
  struct Job {
    void (*call)(const void* context, std::int64_t begin, std::int64_t end, int part) = nullptr;
    const void* context = nullptr;
    std::int64_t count = 0;
    int parts = 0;
  };

  void run_parts(const Job& job);
  void serve();
  bool take_part();
  void run_part(const Job& job, int part);
  void stop();

  const int spins_;  ///< none where there are more threads than processors: who spins would keep the others from working
  std::vector<std::thread> threads_;
  std::mutex busy_;  ///< held by the thread whose job it is
  Job job_;          ///< of claims_; read by whoever holds a part of it
  alignas(64) std::atomic<std::uint64_t> claims_{0};   ///< parts of the job (high half), those that were taken (low half)
  alignas(64) std::atomic<std::uint32_t> signals_{0};  ///< counts jobs: what idle threads wait for
  alignas(64) std::atomic<std::uint32_t> left_{0};     ///< parts that are not done
  std::atomic<bool> stopping_{false};
  std::mutex failure_mutex_;
  std::exception_ptr failure_;
  int failed_part_ = 0;
};

}  // namespace tern
