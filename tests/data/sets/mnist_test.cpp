#include <algorithm>

#include "data/batch.hpp"
#include "data/folders.hpp"
#include "data/recipe.hpp"
#include "formats/images/image_files.hpp"

namespace tern::data {
namespace {

using namespace testing;

class Mnist : public WithFolder {
 protected:
  /// `count` images of 2 x 3 whose pixels are 10 * label + place, labels 0 to 9 in turn.
  void write_part(const std::string& stem, int count, bool compressed = false,
                  const std::string& separator = "-") {
    std::string images = idx_header({static_cast<std::uint64_t>(count), 2, 3});
    std::string labels = idx_header({static_cast<std::uint64_t>(count)});
    for (int i = 0; i < count; ++i) {
      labels += static_cast<char>(i % 10);
      for (int pixel = 0; pixel < 6; ++pixel) images += static_cast<char>(10 * (i % 10) + pixel);
    }
    write(stem + "-images" + separator + "idx3-ubyte", images, compressed);
    write(stem + "-labels" + separator + "idx1-ubyte", labels, compressed);
  }
  void write(const std::string& name, const std::string& bytes, bool compressed = false) {
    write_file_atomically(root_ / (name + (compressed ? ".gz" : "")), compressed ? gzipped(bytes) : bytes);
  }
  Error refusal() {
    return error_of([&] { load_data_set({.name = "mnist", .path = root_}); });
  }
};

TEST_F(Mnist, ReadsTheFourFiles) {
  write_part("train", 240);
  write_part("t10k", 30, true, ".");
  for (const std::string name : {"mnist", "fashion-mnist"}) {
    const FrameDataset data = load_data_set({.name = name, .path = root_});
    EXPECT_EQ(data.sample_shape, (net::Shape{1, 2, 3}));
    EXPECT_EQ(data.num_steps, 1);
    EXPECT_EQ(data.value_scale, 1.0F / 255.0F);
    EXPECT_EQ(data.num_classes(), 10);
    EXPECT_EQ(data.train.size(), 220);
    EXPECT_EQ(data.test.size(), 30);
    EXPECT_EQ(data.test.sample_names[13], "t10k/00013");
    EXPECT_EQ(data.test.labels[13], 3);
    EXPECT_EQ(data.test.frames[13 * 6 + 4], 34);
    for (std::int32_t label = 0; label < 10; ++label)  // 24 / 12 of each class
      EXPECT_EQ(std::count(data.validation.labels.begin(), data.validation.labels.end(), label), 2);
  }
}

TEST_F(Mnist, NetworksSeePixelsBetweenZeroAndOne) {
  write_part("train", 20);
  write_part("t10k", 10);
  const FrameDataset data = load_data_set({.name = "mnist", .path = root_, .validation_fraction = 0});
  std::vector<float> dst(6);
  const std::int64_t indices[] = {9};
  for (const Layout layout : {Layout::channels_first, Layout::channels_last}) {
    gather(data, data.train, indices, dst.data(), layout);
    for (int pixel = 0; pixel < 6; ++pixel)
      EXPECT_EQ(dst[static_cast<std::size_t>(pixel)], static_cast<float>(90 + pixel) * (1.0F / 255.0F));
  }
  EXPECT_EQ(
      error_of([&] { gather(data, data.train, indices, dst.data(), {}, {.event_drop = 0.1}); }).message(),
      "event_drop: 'mnist' holds images, not events");
}

TEST_F(Mnist, TheScaleAndThePixelsAreInTheChecksumAndTheCache) {
  write_part("train", 20);
  write_part("t10k", 10);
  const DataOptions options{.name = "mnist", .path = root_, .cache_dir = root_ / ".cache"};
  FrameDataset first = load_data_set(options);
  int reports = 0;
  const FrameDataset second = load_data_set(options, [&](const Progress&) { ++reports; });
  EXPECT_EQ(reports, 0);
  EXPECT_EQ(second.value_scale, first.value_scale);
  EXPECT_EQ(second.train.frames, first.train.frames);
  EXPECT_EQ(second.checksum, first.checksum);
  first.value_scale = 1;
  EXPECT_NE(checksum_of(first), second.checksum);
}

TEST_F(Mnist, FilesThatDoNotFitAreErrors) {
  EXPECT_EQ(refusal().message().substr(0, 33), "no file 'train-images-idx3-ubyte'");
  write_part("train", 20);
  write_part("t10k", 10);
  write("t10k-labels-idx1-ubyte", idx_header({9}) + std::string(9, '\0'));
  EXPECT_EQ(refusal().message(), "expected 10 labels, got dimensions [9]");
  write("t10k-labels-idx1-ubyte", idx_header({10}) + std::string(10, '\x0a'));
  EXPECT_EQ(refusal().message(), "label 0 is 10: expected 0 to 9");
  write("t10k-images-idx3-ubyte", idx_header({10}) + std::string(10, '\0'));
  EXPECT_EQ(refusal().message(), "expected 3 dimensions (images, height, width), got 1");
  write("t10k-images-idx3-ubyte", idx_header({1, 3, 2}) + std::string(6, '\0'));
  write("t10k-labels-idx1-ubyte", idx_header({1}) + std::string(1, '\0'));
  EXPECT_EQ(refusal().message(),
            "the image is [1, 3, 2] (channels, height, width), expected [1, 2, 3], the shape of the others");
  write("t10k-images-idx3-ubyte", idx_header({1, 2, 3}) + std::string(6, '\0'));
  write("train-labels-idx1-ubyte", idx_header({20}) + std::string(20, '\0'));
  EXPECT_EQ(refusal().message(), "class '1' has no training sample");
}

TEST_F(Mnist, LoadsTheRealFashionMnist) {
  if (!fs::is_directory("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  const FrameDataset data = load_data_set({.name = "fashion-mnist"});
  EXPECT_EQ(data.sample_shape, (net::Shape{1, 28, 28}));
  EXPECT_EQ(data.train.size(), 55000);
  EXPECT_EQ(data.validation.size(), 5000);
  EXPECT_EQ(data.test.size(), 10000);
  for (std::int32_t label = 0; label < 10; ++label) {
    EXPECT_EQ(std::count(data.validation.labels.begin(), data.validation.labels.end(), label), 500);
    EXPECT_EQ(std::count(data.test.labels.begin(), data.test.labels.end(), label), 1000);
  }
  // The mean of the 60,000 training images, 0.2860, is what normalising code for Fashion-MNIST subtracts.
  std::int64_t sum = 0;
  for (const Split* split : {&data.train, &data.validation})
    for (const std::uint8_t pixel : split->frames) sum += pixel;
  EXPECT_NEAR(static_cast<double>(sum) / (60000.0 * 784.0 * 255.0), 0.2860, 5e-5);
}

}  // namespace
}  // namespace tern::data
