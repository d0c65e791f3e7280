#include "formats/samples/sample_file.hpp"

#include <limits>

#include <unistd.h>

#include "base/atomic_file.hpp"
#include "formats/images/image_files.hpp"
#include "formats/numpy/numpy_files.hpp"

namespace tern::formats {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class SampleFiles : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(root_); }
  fs::path write(const std::string& name, const std::string& bytes) {
    write_file_atomically(root_ / name, bytes);
    return root_ / name;
  }
  std::string refusal(const fs::path& path, const SampleTarget& target) {
    const Error error = error_of([&] { read_samples(path, target); });
    kind_ = error.kind();
    return error.message();
  }
  static SampleTarget image_target(net::Shape shape) { return {{false, std::move(shape)}}; }
  static SampleTarget event_target(std::int64_t num_steps) {
    return {{true, {2, 1, 2}}, num_steps, 1.0F, false};
  }
  static std::string raw(const std::vector<float>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
  }

  fs::path root_ = fs::temp_directory_path() / ("tern_samples_" + std::to_string(::getpid()));
  ErrorKind kind_{};
};

TEST_F(SampleFiles, ImagesAreOneSampleOfPixels) {
  const fs::path grey = write("grey.pgm", std::string("P5 2 1 255\n\x00\x33", 13));
  const Samples samples = read_samples(grey, image_target({1, 1, 2}));
  EXPECT_EQ(samples.n, 1);
  EXPECT_EQ(samples.frames, (std::vector<float>{0, 51 * (1.0F / 255)}));
  // What the file is called does not matter.
  const fs::path jpeg_file = write("photo", jpeg(plain_image({255, 255, 255}, 4, 6)));
  EXPECT_EQ(read_samples(jpeg_file, image_target({3, 4, 6})).frames, std::vector<float>(72, 255 * (1.0F / 255)));
}

TEST_F(SampleFiles, ImagesOfAnotherSizeOrKindAreRefused) {
  const fs::path image = write("image.ppm", "P6 2 1 255\n123456");
  EXPECT_EQ(refusal(image, image_target({3, 32, 32})), "the model takes [3, 32, 32], the file has [3, 1, 2]");
  EXPECT_EQ(kind_, ErrorKind::usage);
  EXPECT_EQ(refusal(image, image_target({1, 1, 2})), "the model takes [1, 1, 2], the file has [3, 1, 2]");
  EXPECT_EQ(refusal(image, event_target(0)), "the model was trained on frames of events, not on images");
  EXPECT_EQ(refusal(write("torn.jpg", jpeg(plain_image({9}, 8, 8)).substr(0, 40)), image_target({1, 8, 8}))
                .rfind("not a readable JPEG", 0),
            0U);
  EXPECT_EQ(kind_, ErrorKind::bad_data);
}

TEST_F(SampleFiles, ArraysAreOneSampleOrMany) {
  const fs::path one = write("one.npy", npy<float>("<f4", {2, 1, 2}, {1, 2, 3, 4}));
  EXPECT_EQ(read_samples(one, image_target({2, 1, 2})).frames, (std::vector<float>{1, 2, 3, 4}));
  const fs::path many = write("many.npy", npy<double>("<f8", {2, 1, 2}, {1, 2, 3, 4}));
  const Samples rows = read_samples(many, image_target({1, 2}));
  EXPECT_EQ(rows.n, 2);
  EXPECT_EQ(rows.frames, (std::vector<float>{1, 2, 3, 4}));
  // Images of one channel come without it as well.
  EXPECT_EQ(read_samples(many, image_target({1, 1, 2})).n, 2);
  // Bytes are pixels, or counts.
  const fs::path bytes = write("bytes.npy", npy<std::uint8_t>("|u1", {2}, {0, 255}));
  EXPECT_EQ(read_samples(bytes, image_target({2})).frames, (std::vector<float>{0, 255 * (1.0F / 255)}));
  EXPECT_EQ(read_samples(bytes, {{false, {2}}, 0, 1.0F, false}).frames, (std::vector<float>{0, 255}));
}

TEST_F(SampleFiles, StepsComeBeforeSamples) {
  // Two samples of three steps of [2, 1, 2]: value 100 * sample + 10 * step + place.
  std::vector<float> values, expected;
  for (int sample = 0; sample < 2; ++sample)
    for (int step = 0; step < 3; ++step)
      for (int place = 0; place < 4; ++place) values.push_back(static_cast<float>(100 * sample + 10 * step + place));
  for (int step = 0; step < 3; ++step)
    for (int sample = 0; sample < 2; ++sample)
      for (int place = 0; place < 4; ++place) expected.push_back(static_cast<float>(100 * sample + 10 * step + place));
  const fs::path array = write("events.npy", npy<float>("<f4", {2, 3, 2, 1, 2}, values));
  const fs::path floats = write("events.f32", raw(values));
  for (const Samples& samples : {read_samples(array, event_target(0)), read_samples(floats, event_target(3))}) {
    EXPECT_EQ(samples.n, 2);
    EXPECT_EQ(samples.num_steps, 3);
    EXPECT_EQ(samples.frames, expected);
  }
  EXPECT_EQ(refusal(array, event_target(4)), "the model runs with 4 steps, the file has 3");
  EXPECT_EQ(refusal(floats, event_target(0)), "the model leaves its steps open: say how many a sample has");
  EXPECT_EQ(refusal(floats, event_target(5)), "the model takes [2, 1, 2], the file has 96 bytes, no multiple of the 80 of a sample");
}

TEST_F(SampleFiles, ArchivesHoldNamedArrays) {
  fs::create_directories(root_);
  const fs::path path = root_ / "arrays.npz";
  write_zip(path, {{"x.npy", npy<float>("<f4", {2}, {1, 2})}, {"y.npy", npy<float>("<f4", {2}, {3, 4})}});
  SampleTarget target = image_target({2});
  EXPECT_EQ(refusal(path, target), "holds 2 arrays, name one of them: x, y");
  target.array = "y";
  EXPECT_EQ(read_samples(path, target).frames, (std::vector<float>{3, 4}));
  target.array = "z";
  EXPECT_EQ(refusal(path, target), "has no array 'z', only x, y");
  write_zip(path, {{"x.npy", npy<float>("<f4", {2}, {1, 2})}});
  EXPECT_EQ(read_samples(path, image_target({2})).frames, (std::vector<float>{1, 2}));
}

TEST_F(SampleFiles, WrongArraysAndFilesAreRefused) {
  const auto array = [&](const std::vector<std::int64_t>& shape) {
    std::int64_t size = 1;
    for (const auto extent : shape) size *= extent;
    return write("a.npy", npy<float>("<f4", shape, std::vector<float>(static_cast<std::size_t>(size))));
  };
  EXPECT_EQ(refusal(array({3, 2}), image_target({2, 3})), "the model takes [2, 3], the file has [3, 2]");
  EXPECT_EQ(refusal(array({1, 1, 2, 3}), image_target({2, 3})), "the model takes [2, 3], the file has [1, 1, 2, 3]");
  EXPECT_EQ(refusal(array({}), image_target({2})), "the model takes [2], the file has []");
  EXPECT_EQ(refusal(array({0, 2}), image_target({2})), "the model takes [2], the file has [0, 2]");
  EXPECT_EQ(refusal(array({2, 1, 2}), event_target(0)), "the model takes [2, 1, 2], the file has [2, 1, 2]");
  EXPECT_EQ(refusal(write("nan.f32", raw({1, std::numeric_limits<float>::quiet_NaN()})), image_target({2})),
            "holds values that are not finite");
  EXPECT_EQ(refusal(write("torn.f32", "12345"), image_target({1})),
            "the model takes [1], the file has 5 bytes, no multiple of the 4 of a sample");
  EXPECT_EQ(refusal(write("empty.f32", ""), image_target({1})), "is empty");
  refusal(write("notes.txt", "hello there"), image_target({1}));
  EXPECT_EQ(kind_, ErrorKind::unsupported);
  refusal(root_ / "missing.npy", image_target({1}));
  EXPECT_EQ(kind_, ErrorKind::io);
}

}  // namespace
}  // namespace tern::formats
