#include "base/thread_pool.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern {
namespace {

TEST(ThreadPool, VisitsEveryItemOnceInEqualRanges) {
  for (const int size : {1, 2, 3, 8}) {
    ThreadPool pool(size);
    EXPECT_EQ(pool.size(), size);
    for (const std::int64_t count : {0, 1, 2, 7, 64, 1000})
      for (const std::int64_t grain : {0, 1, 5, 400}) {
        std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
        std::vector<std::int64_t> sizes(static_cast<std::size_t>(pool.num_parts(count, grain)));
        pool.run(count, grain, [&](std::int64_t begin, std::int64_t end, int part) {
          sizes.at(static_cast<std::size_t>(part)) = end - begin;
          for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
        });
        for (const auto& visit : visits) ASSERT_EQ(visit, 1);
        for (const std::int64_t n : sizes) {
          ASSERT_LE(std::abs(n - sizes.front()), 1);
          ASSERT_GE(n, std::min(grain, count));
        }
      }
  }
}

TEST(ThreadPool, TheSplitFollowsFromCountGrainAndSize) {
  using Range = std::tuple<std::int64_t, std::int64_t>;
  ThreadPool pool(3);
  std::vector<Range> expected{{0, 3}, {3, 6}, {6, 10}};
  for (int repeat = 0; repeat < 100; ++repeat) {
    std::vector<Range> ranges(3);
    pool.run(10, 1, [&](std::int64_t begin, std::int64_t end, int part) { ranges[static_cast<std::size_t>(part)] = {begin, end}; });
    ASSERT_EQ(ranges, expected);
  }
  EXPECT_EQ(pool.num_parts(10, 4), 2);
  EXPECT_EQ(pool.num_parts(3, 4), 1);
  EXPECT_EQ(pool.num_parts(0, 1), 0);
}

TEST(ThreadPool, ManyShortLoopsGiveTheirSums) {
  ThreadPool pool(4);
  std::vector<std::int64_t> values(257);
  std::iota(values.begin(), values.end(), 1);
  for (int repeat = 0; repeat < 20'000; ++repeat) {
    std::int64_t sums[4] = {};
    const std::int64_t count = 1 + repeat % 257;
    pool.run(count, 8, [&](std::int64_t begin, std::int64_t end, int part) {
      for (std::int64_t i = begin; i < end; ++i) sums[part] += values[static_cast<std::size_t>(i)];
    });
    ASSERT_EQ(sums[0] + sums[1] + sums[2] + sums[3], count * (count + 1) / 2) << repeat;
  }
}

TEST(ThreadPool, WakesThreadsThatSleep) {
  ThreadPool pool(2);
  for (int repeat = 0; repeat < 20; ++repeat) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> arrived{0};
    pool.run(2, 1, [&](std::int64_t, std::int64_t, int) {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();  // ends only where two threads are at work
    });
    ASSERT_EQ(arrived, 2);
  }
}

TEST(ThreadPool, ALoopInsideALoopRunsOnItsThread) {
  ThreadPool pool(3), other(2);
  std::atomic<int> inner{0};
  pool.run(3, 1, [&](std::int64_t, std::int64_t, int) {
    const auto me = std::this_thread::get_id();
    for (ThreadPool* nested : {&pool, &other})
      nested->run(10, 1, [&](std::int64_t begin, std::int64_t end, int) {
        EXPECT_EQ(std::this_thread::get_id(), me);
        inner += static_cast<int>(end - begin);
      });
  });
  EXPECT_EQ(inner, 3 * 2 * 10);
}

TEST(ThreadPool, ThreadsMayShareAPool) {
  ThreadPool pool(2);
  std::vector<std::thread> callers;
  std::atomic<std::int64_t> sum{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 2000; ++repeat)
        pool.run(10, 1, [&](std::int64_t begin, std::int64_t end, int) { sum += end - begin; });
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 2000 * 10);
}

TEST(ThreadPool, TheFailureOfTheLowestPartIsRethrownAfterAllHaveRun) {
  ThreadPool pool(4);
  for (int repeat = 0; repeat < 200; ++repeat) {
    std::atomic<int> runs{0};
    const auto message = [&](auto run) {
      try {
        run();
      } catch (const std::runtime_error& error) {
        return std::string(error.what());
      }
      return std::string("no error");
    };
    const auto body = [&](std::int64_t, std::int64_t, int part) {
      ++runs;
      if (part > 0) throw std::runtime_error("part " + std::to_string(part));
    };
    ASSERT_EQ(message([&] { pool.run(4, 1, body); }), "part 1");
    ASSERT_EQ(runs, 4);
    std::string nested;
    pool.run(2, 1, [&](std::int64_t, std::int64_t, int part) {
      if (part == 0) nested = message([&] { pool.run(4, 1, body); });
    });
    ASSERT_EQ(nested, "part 1");
    pool.run(4, 1, [](std::int64_t, std::int64_t, int) {});  // an old failure is forgotten
  }
}

TEST(ThreadPool, ComesAndGoes) {
  for (int repeat = 0; repeat < 40; ++repeat) {
    ThreadPool pool(1 + repeat % 5);
    if (repeat % 2 == 0) pool.run(5, 1, [](std::int64_t, std::int64_t, int) {});
  }
}

TEST(ThreadPool, RefusesSizesThatAreNone) {
  EXPECT_THROW(ThreadPool(0), Error);
  EXPECT_THROW(ThreadPool(-3), Error);
  EXPECT_THROW(ThreadPool(1025), Error);
}

}  // namespace
}  // namespace tern
