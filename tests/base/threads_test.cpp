#include "base/threads.hpp"

#include <atomic>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "base/thread_pool.hpp"

namespace tern {
namespace {

TEST(ParallelFor, VisitsEveryItemOnce) {
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    for (const std::int64_t count : {0, 1, 2, 7, 1000}) {
      std::vector<int> visits(static_cast<std::size_t>(count));
      parallel_for(count, 2, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
      });
      for (const int v : visits) EXPECT_EQ(v, 1);
    }
  }
}

TEST(ParallelFor, RethrowsTheFailure) {
  set_num_threads(2);
  EXPECT_THROW(parallel_for(100, 1, [](std::int64_t begin, std::int64_t) { if (begin > 0) throw std::runtime_error("x"); }),
               std::runtime_error);
}

TEST(ParallelFor, RunsOnThePoolOfTheScope) {
  set_num_threads(1);
  ThreadPool pool(3);
  const auto ranges = [] {
    std::atomic<int> count = 0, inner = 0;
    parallel_for(90, 1, [&](std::int64_t, std::int64_t) {
      ++count;
      parallel_for(90, 1, [&](std::int64_t, std::int64_t) { ++inner; });  // serial inside
    });
    EXPECT_EQ(inner, count);
    return count.load();
  };
  EXPECT_EQ(ranges(), 1);
  {
    const PoolScope scope(&pool);
    EXPECT_EQ(ranges(), 3);
    {
      const PoolScope alone(nullptr);
      EXPECT_EQ(ranges(), 1);
    }
    EXPECT_EQ(ranges(), 3);
    EXPECT_THROW(parallel_for(90, 1, [](std::int64_t begin, std::int64_t) { if (begin > 0) throw std::runtime_error("x"); }),
                 std::runtime_error);
  }
  set_num_threads(2);
  EXPECT_EQ(ranges(), 2);
}

}  // namespace
}  // namespace tern
