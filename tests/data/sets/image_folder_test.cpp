#include <algorithm>

#include "data/batch.hpp"
#include "data/folders.hpp"
#include "formats/images/image_files.hpp"

namespace tern::data {
namespace {

using namespace testing;

class ImageFolder : public WithFolder {
 protected:
  void write(const std::string& name, const std::vector<std::uint8_t>& values, int height = 4,
             int width = 6) {
    write_file_atomically(root_ / name, jpeg(plain_image(values, height, width)));
  }
  FrameDataset load() {
    return load_data_set({.name = "image-folder", .path = root_, .validation_fraction = 0});
  }
  Error refusal(const std::string& name = "image-folder") {
    return error_of([&] { load_data_set({.name = name, .path = root_}); });
  }
  /// The value of channel c of sample `index`, the same everywhere.
  static int value(const FrameDataset& data, const Split& split, std::int64_t index, std::int64_t c) {
    return split.frames[static_cast<std::size_t>(index * data.sample_size() + c * 24)];
  }
};

TEST_F(ImageFolder, ClassesAreFoldersInOrderOfName) {
  write("train/dog/b.jpg", {20});
  write("train/cat/a.JPG", {10});
  write("train/dog/a.jpeg", {30});
  write("test/dog/a.jpg", {40});
  const FrameDataset data = load();
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(data.sample_shape, (net::Shape{1, 4, 6}));
  EXPECT_EQ(data.train.labels, (std::vector<std::int32_t>{0, 1, 1}));
  EXPECT_EQ(data.train.sample_names[1], "train/dog/a.jpeg");
  EXPECT_EQ(data.train.frames.size(), 3u * 24u);
  EXPECT_EQ(value(data, data.train, 1, 0), 30);
  EXPECT_EQ(value(data, data.test, 0, 0), 40);
}

TEST_F(ImageFolder, GreyAmongColourGetsThreeChannels) {
  write("train/a/1.jpg", {50});
  write("train/a/2.jpg", {50});
  write("train/b/1.jpg", {200, 30, 90});  // the first colour: those before are widened
  write("train/b/2.jpg", {70});           // and so are those after
  write("test/a/1.jpg", {80});
  const FrameDataset data = load();
  EXPECT_EQ(data.sample_shape, (net::Shape{3, 4, 6}));
  ASSERT_EQ(data.train.frames.size(), 4u * 72u);
  for (const std::int64_t c : {0, 1, 2}) {
    EXPECT_EQ(value(data, data.train, 0, c), 50);
    EXPECT_EQ(value(data, data.train, 1, c), 50);
    EXPECT_EQ(value(data, data.train, 3, c), 70);
    EXPECT_EQ(value(data, data.test, 0, c), 80);
  }
  EXPECT_NEAR(value(data, data.train, 2, 0), 200, 2);
  EXPECT_NEAR(value(data, data.train, 2, 1), 30, 2);
  EXPECT_NEAR(value(data, data.train, 2, 2), 90, 2);
}

TEST_F(ImageFolder, AugmentationKeepsTheChannelsOfAPixelTogether) {
  formats::Image image{3, 8, 8, {}};
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < 64; ++i) image.pixels.push_back(static_cast<std::uint8_t>(60 * c + 10 + i));
  write_file_atomically(root_ / "train/a/1.jpg", jpeg(image));
  write_file_atomically(root_ / "test/a/1.jpg", jpeg(image));
  const FrameDataset data = load();
  const std::int64_t indices[] = {0};
  std::vector<float> plain(192), changed(192);
  gather(data, data.train, indices, plain.data());
  bool flipped = false, shifted = false;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Augment augment{.max_shift = 4, .horizontal_flip = 0.5};
    gather(data, data.train, indices, changed.data(), Layout::channels_first, augment, seed);
    int matches = 0;
    for (int dy = -4; dy <= 4; ++dy)
      for (int dx = -4; dx <= 4; ++dx)
        for (const bool flip : {false, true}) {
          std::vector<float> expected(192, 0.0F);
          for (int row = 0; row < 24; ++row)
            for (int x = 0; x < 8; ++x) {
              const int from_y = row % 8 - dy, from_x = flip ? 7 - (x - dx) : x - dx;
              if (from_y < 0 || from_y > 7 || from_x < 0 || from_x > 7) continue;
              expected[static_cast<std::size_t>(row * 8 + x)] =
                  plain[static_cast<std::size_t>(row / 8 * 64 + from_y * 8 + from_x)];
            }
          if (expected != changed) continue;
          ++matches;
          flipped |= flip;
          shifted |= dx != 0 && dy != 0;
        }
    EXPECT_EQ(matches, 1) << "seed " << seed << ": one shift and flip of all channels gives this sample";
  }
  EXPECT_TRUE(flipped && shifted);
}

TEST_F(ImageFolder, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(refusal().message().substr(0, 17), "no folder 'train'");
  write("train/a/1.jpg", {1});
  write("train/a/2.jpg", {1}, 4, 7);
  write("test/a/1.jpg", {1});
  EXPECT_EQ(refusal().place(), "train/a/2.jpg");
  EXPECT_EQ(refusal().message(),
            "the image is [1, 4, 7] (channels, height, width), expected [1, 4, 6], the shape of the others");
  write_file_atomically(root_ / "train/a/2.jpg", "no image");
  EXPECT_EQ(refusal().place(), (root_ / "train/a/2.jpg").string());
  write_file_atomically(root_ / "train/a/2.png", "");
  EXPECT_EQ(refusal().message(), "a class folder holds image files only");
  fs::remove(root_ / "train/a/2.png");
  write("train/3.jpg", {1});
  EXPECT_EQ(refusal().message(), "an image file outside the class folders has no label");
  fs::remove(root_ / "train/3.jpg");
  EXPECT_EQ(refusal("cifar10-jpg").message().substr(0, 41), "expected the classes airplane, automobile");
}

TEST_F(ImageFolder, OptionsOfEventsAreRefused) {
  const auto refusal = [](DataOptions options) {
    options.name = "cifar10-jpg";
    options.path = "x";
    return error_of([&] { resolve(options); }).message();
  };
  EXPECT_EQ(refusal({.num_steps = 4}),
            "num_steps: the samples of 'cifar10-jpg' are images of one step, got 4");
  EXPECT_EQ(refusal({.slicing = "time"}), "slicing: is for event recordings, 'cifar10-jpg' holds images");
  EXPECT_EQ(refusal({.height = 16, .width = 16}),
            "height: is for event recordings, 'cifar10-jpg' holds images");
  EXPECT_EQ(refusal({.denoise_us = 5}), "denoise_us: is for event recordings, 'cifar10-jpg' holds images");
  EXPECT_EQ(refusal({.transforms = "flip_x"}),
            "transforms: is for event recordings, 'cifar10-jpg' holds images");
  const DataOptions resolved = resolve({.name = "cifar10-jpg", .path = "x", .num_steps = 1});
  EXPECT_EQ(resolved.validation_fraction, 0.1);
  EXPECT_NO_THROW(resolve(resolved));
}

TEST_F(ImageFolder, DescribesPixels) {
  write("train/a/1.jpg", {51});
  write("train/a/2.jpg", {153});
  write("test/a/1.jpg", {255});
  const std::string text = describe(load());
  EXPECT_NE(text.find("image-folder: 1 classes, images of [1, 4, 6]"), std::string::npos) << text;
  EXPECT_NE(text.find("train: mean (deviation) of the channels 0.4000 (0.2000)"), std::string::npos) << text;
  EXPECT_NE(text.find("test: mean (deviation) of the channels 1.0000 (0.0000)"), std::string::npos) << text;
  EXPECT_EQ(text.find("events"), std::string::npos) << text;
}

TEST_F(ImageFolder, LoadsTheRealCifar10) {
  TERN_NEED_REAL_DATA(folder, "cifar10-jpg");
  const DataOptions options{.name = "cifar10-jpg", .path = folder, .max_per_class = 100};
  const FrameDataset data = load_data_set(options);
  EXPECT_EQ(data.sample_shape, (net::Shape{3, 32, 32}));
  EXPECT_EQ(data.train.size(), 900);
  EXPECT_EQ(data.validation.size(), 100);
  EXPECT_EQ(data.test.size(), 1000);
  // Channel means of CIFAR-10 are 0.4914, 0.4822, 0.4465; 900 images tell them to about 0.01.
  const double means[] = {0.4914, 0.4822, 0.4465};
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (std::size_t at = c * 1024; at < data.train.frames.size(); at += 3 * 1024)
      for (std::size_t i = 0; i < 1024; ++i) sum += data.train.frames[at + i];
    EXPECT_NEAR(sum / (900.0 * 1024.0 * 255.0), means[c], 0.02);
  }
}

}  // namespace
}  // namespace tern::data
