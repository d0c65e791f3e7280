#include "base/threads.hpp"

#include <atomic>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tern
