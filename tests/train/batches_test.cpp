#include "train/batches.hpp"

#include "learn/losses.hpp"
#include "learn/testing.hpp"
#include "train/toy_data.hpp"

namespace tern::train {
namespace {

TEST(Batches, AreTimeFirstAndChannelsLast) {
  const data::FrameDataset data = toy_data();
  const std::int64_t indices[] = {5, 2};
  const Batch batch = make_batch(data, data.train, indices);
  EXPECT_EQ(batch.frames.sizes(), (at::IntArrayRef{8, 2, 6, 6}));
  EXPECT_TRUE(batch.frames.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_EQ(batch.labels[0].item<std::int64_t>(), 1);
  // step 3, sample 0 (index 5), channel 1, row 4, column 2
  const std::size_t cell = 5 * 288 + 3 * 72 + 36 + 4 * 6 + 2;
  EXPECT_EQ(batch.frames[3 * 2 + 0][1][4][2].item<float>(), data.train.frames[cell]);
}

// A network sees pixel / 255: one float multiplication a pixel, nothing else.
TEST(Batches, ImagesAreScaled) {
  data::FrameDataset data = toy_data();
  data.value_scale = 1.0F / 255.0F;
  for (std::size_t i = 0; i < data.train.frames.size(); ++i) data.train.frames[i] = static_cast<std::uint8_t>(i % 256);
  const std::int64_t indices[] = {5};
  const Batch batch = make_batch(data, data.train, indices);
  const at::Tensor first_step = batch.frames[0].contiguous();
  for (std::int64_t i = 0; i < first_step.numel(); ++i) {
    const auto code = data.train.frames[static_cast<std::size_t>(5 * data.sample_size() + i)];
    EXPECT_EQ(first_step.data_ptr<float>()[i], static_cast<float>(code) * (1.0F / 255.0F));
  }
}

TEST(Batches, MixingKeepsSumsAndTheSameOrderInEveryStep) {
  at::Tensor frames = at::zeros({2 * 4, 1, 1, 1});
  for (int t = 0; t < 2; ++t) for (int i = 0; i < 4; ++i) frames[t * 4 + i][0][0][0] = 10.0F * i + t;
  at::Tensor targets = learn::one_hot(at::arange(4), 4, 0.0);
  const at::Tensor before = frames.clone();
  mix(frames, targets, 2, 1.0, 3);
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(targets[i].sum().item<double>(), 1.0, 1e-6);
    double expected = 0;
    for (int j = 0; j < 4; ++j) expected += targets[i][j].item<double>() * 10.0 * j;
    EXPECT_NEAR(frames[i][0][0][0].item<double>(), expected, 1e-4);
    EXPECT_NEAR(frames[4 + i][0][0][0].item<double>(), expected + 1, 1e-4);
  }
  EXPECT_GT(learn::distance(frames, before), 0.1);
}

}  // namespace
}  // namespace tern::train
