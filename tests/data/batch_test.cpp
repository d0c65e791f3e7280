#include "data/batch.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/threads.hpp"
#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;

/// Samples of 2 steps of 2 x 3 x 4 cells with counts 0, 1, 2, ... (modulo 251).
FrameDataset counting(std::int64_t samples) {
  FrameDataset data;
  data.sample_shape = {2, 3, 4};
  data.num_steps = 2;
  data.train.labels.resize(static_cast<std::size_t>(samples));
  data.train.frames.resize(static_cast<std::size_t>(samples * data.sample_size()));
  for (std::size_t i = 0; i < data.train.frames.size(); ++i)
    data.train.frames[i] = static_cast<std::uint8_t>(i % 251);
  return data;
}

std::vector<float> gathered(const FrameDataset& data, const std::vector<std::int64_t>& indices, Layout layout,
                            const Augment& augment = {}, std::uint64_t seed = 0, std::int64_t epoch = 0) {
  std::vector<float> dst(indices.size() * static_cast<std::size_t>(data.sample_size()), -1);
  gather(data, data.train, indices, dst.data(), layout, augment, seed, epoch);
  return dst;
}

TEST(BatchOrder, VisitsEverySampleOnceAndObeysSeedAndEpoch) {
  const BatchOrder order(10, 4, 1, 0);
  EXPECT_EQ(order.num_batches(), 3);
  EXPECT_EQ(order.batch(2).size(), 2u);
  std::vector<std::int64_t> seen(order.all().begin(), order.all().end());
  std::sort(seen.begin(), seen.end());
  std::vector<std::int64_t> all(10);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(seen, all);
  const auto same = [&](const BatchOrder& other) { return std::ranges::equal(order.all(), other.all()); };
  EXPECT_TRUE(same(BatchOrder(10, 4, 1, 0)));
  EXPECT_FALSE(same(BatchOrder(10, 4, 1, 1)));
  EXPECT_FALSE(same(BatchOrder(10, 4, 2, 0)));
}

TEST(BatchOrder, CanKeepTheOrderAndDropTheLast) {
  const BatchOrder order(10, 4, 1, 0, false, true);
  EXPECT_EQ(order.num_batches(), 2);
  EXPECT_EQ(order.batch(1)[3], 7);
  EXPECT_EQ(BatchOrder(0, 4, 1, 0).num_batches(), 0);
  EXPECT_EQ(error_of([] { BatchOrder(10, 0, 1, 0); }).kind(), ErrorKind::usage);
}

TEST(Gather, PutsTimeFirst) {
  const FrameDataset data = counting(5);
  const std::vector<std::int64_t> indices{4, 1};
  const std::vector<float> first = gathered(data, indices, Layout::channels_first);
  const std::vector<float> last = gathered(data, indices, Layout::channels_last);
  for (std::int64_t t = 0; t < 2; ++t)
    for (std::int64_t n = 0; n < 2; ++n)
      for (std::int64_t c = 0; c < 2; ++c)
        for (std::int64_t i = 0; i < 12; ++i) {
          const float expected =
              static_cast<float>((indices[static_cast<std::size_t>(n)] * 48 + t * 24 + c * 12 + i) % 251);
          EXPECT_EQ(first[static_cast<std::size_t>(((t * 2 + n) * 2 + c) * 12 + i)], expected);
          EXPECT_EQ(last[static_cast<std::size_t>(((t * 2 + n) * 12 + i) * 2 + c)], expected);
        }
}

TEST(Gather, FlipMirrorsRows) {
  const FrameDataset data = counting(1);
  const std::vector<float> flipped = gathered(data, {0}, Layout::channels_first, {.horizontal_flip = 1});
  for (std::size_t row = 0; row < 12; ++row)
    for (std::size_t x = 0; x < 4; ++x) EXPECT_EQ(flipped[row * 4 + x], static_cast<float>(row * 4 + 3 - x));
}

// A shifted sample is the sample read at a constant offset, zero outside.
TEST(Gather, ShiftMovesTheWholeSample) {
  const FrameDataset data = counting(1);
  bool moved = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<float> out = gathered(data, {0}, Layout::channels_first, {.max_shift = 2}, seed);
    int matches = 0;
    for (int dy = -2; dy <= 2; ++dy)
      for (int dx = -2; dx <= 2; ++dx) {
        bool all = true;
        for (int plane = 0; plane < 4; ++plane)
          for (int y = 0; y < 3; ++y)
            for (int x = 0; x < 4; ++x) {
              const int sy = y - dy, sx = x - dx;
              const bool inside = sy >= 0 && sy < 3 && sx >= 0 && sx < 4;
              const int expected = inside ? plane * 12 + sy * 4 + sx : 0;
              all &= out[static_cast<std::size_t>(plane * 12 + y * 4 + x)] == static_cast<float>(expected);
            }
        matches += all ? 1 : 0;
        moved |= all && (dx != 0 || dy != 0);
      }
    EXPECT_EQ(matches, 1) << seed;
  }
  EXPECT_TRUE(moved);
}

// 1128 events in each of 24 epochs: the kept fraction lies within five standard deviations of 0.7.
TEST(Gather, EventDropThinsCounts) {
  const FrameDataset data = counting(1);
  double kept = 0, total = 0;
  for (std::int64_t epoch = 0; epoch < 24; ++epoch) {
    const std::vector<float> out = gathered(data, {0}, Layout::channels_first, {.event_drop = 0.3}, 5, epoch);
    for (std::size_t i = 0; i < out.size(); ++i) {
      EXPECT_LE(out[i], static_cast<float>(data.train.frames[i]));
      kept += out[i];
      total += data.train.frames[i];
    }
  }
  EXPECT_NEAR(kept / total, 0.7, 5 * std::sqrt(0.3 * 0.7 / total));
}

TEST(Gather, DependsOnSeedEpochAndSampleOnly) {
  const FrameDataset data = counting(9);
  const Augment augment{.max_shift = 1, .horizontal_flip = 0.5, .event_drop = 0.2};
  const std::vector<float> alone = gathered(data, {3}, Layout::channels_first, augment, 1, 2);
  const int threads = num_threads();
  for (const int count : {1, 2, 4}) {
    set_num_threads(count);
    const std::vector<float> many = gathered(data, {0, 8, 3, 5}, Layout::channels_first, augment, 1, 2);
    for (std::size_t t = 0; t < 2; ++t)
      for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(many[(t * 4 + 2) * 24 + i], alone[t * 24 + i]);
  }
  set_num_threads(threads);
  EXPECT_NE(alone, gathered(data, {3}, Layout::channels_first, augment, 1, 3));
}

TEST(Gather, RefusesBadIndicesAndProbabilities) {
  const FrameDataset data = counting(2);
  EXPECT_EQ(error_of([&] { gathered(data, {2}, Layout::channels_first); }).message(),
            "sample 2 of a split of 2");
  EXPECT_EQ(error_of([&] { gathered(data, {-1}, Layout::channels_first); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { gathered(data, {0}, Layout::channels_first, {.event_drop = 2}); }).kind(),
            ErrorKind::usage);
  EXPECT_TRUE(gathered(data, {}, Layout::channels_first).empty());
}

}  // namespace
}  // namespace tern::data
