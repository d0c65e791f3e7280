#include "formats/images/jpeg.hpp"

#include <cmath>

#include "formats/images/image_files.hpp"

namespace tern::formats {
namespace {

using namespace testing;

Error refusal(const std::string& bytes) {
  return error_of([&] { read_jpeg(bytes, "cat.jpg"); });
}

/// Smooth, so that quality 100 changes little; every channel differs.
Image ramp(int channels, int height, int width) {
  Image image{channels, height, width, {}};
  for (int c = 0; c < channels; ++c)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        image.pixels.push_back(static_cast<std::uint8_t>(40 + 60 * c + 2 * y + x));
  return image;
}

TEST(Jpeg, ExtensionsInAnyCase) {
  EXPECT_TRUE(has_jpeg_extension("a/b.jpg"));
  EXPECT_TRUE(has_jpeg_extension("b.JPEG"));
  EXPECT_FALSE(has_jpeg_extension("b.png"));
  EXPECT_FALSE(has_jpeg_extension("jpg"));
}

// A block of one value has only its mean, which quality 100 keeps to an eighth.
TEST(Jpeg, OneGreyValueComesBackExactly) {
  for (const int value : {0, 1, 77, 128, 254, 255}) {
    const Image image = read_jpeg(jpeg(plain_image({static_cast<std::uint8_t>(value)}, 5, 11)), "x");
    EXPECT_EQ(image.channels, 1);
    EXPECT_EQ(image.height, 5);
    EXPECT_EQ(image.width, 11);
    EXPECT_EQ(image.pixels, std::vector<std::uint8_t>(55, static_cast<std::uint8_t>(value)));
  }
}

TEST(Jpeg, ColourComesAsPlanes) {
  for (const bool progressive : {false, true}) {
    const Image src = ramp(3, 9, 21);
    const Image dst = read_jpeg(jpeg(src, progressive), "x");
    EXPECT_EQ(dst.channels, 3);
    ASSERT_EQ(dst.pixels.size(), src.pixels.size());
    for (std::size_t i = 0; i < src.pixels.size(); ++i) EXPECT_NEAR(dst.pixels[i], src.pixels[i], 3) << i;
  }
}

TEST(Jpeg, TruncatedAndForeignFilesAreErrorsThatNameTheFile) {
  const std::string whole = jpeg(ramp(3, 16, 16));
  for (std::size_t size = 0; size + 2 < whole.size(); size += 3) {
    const Error error = refusal(whole.substr(0, size));
    EXPECT_EQ(error.kind(), ErrorKind::bad_data) << size << " of " << whole.size();
    EXPECT_EQ(error.place(), "cat.jpg");
  }
  EXPECT_EQ(refusal("\x89PNG\r\n").message(), "not a readable JPEG: Not a JPEG file: starts with 0x89 0x50");
  EXPECT_EQ(error_of([] { read_jpeg(std::filesystem::path("/nowhere/at-all.jpg")); }).kind(), ErrorKind::io);
}

TEST(Jpeg, DamagedFilesGiveAnImageOrAnError) {
  const std::string whole = jpeg(ramp(3, 16, 16));
  int errors = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x24);
    try {
      const Image image = read_jpeg(damaged, "cat.jpg");
      EXPECT_EQ(image.pixels.size(), static_cast<std::size_t>(image.channels * image.height * image.width));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_data);
      ++errors;
    }
  }
  EXPECT_GT(errors, 100);
}

TEST(Jpeg, StrayBytesBetweenMarkersAreHarmless) {
  std::string bytes = jpeg(plain_image({99}, 8, 8));
  bytes.insert(20, "xyz");  // behind the JFIF segment
  EXPECT_EQ(read_jpeg(bytes, "x").pixels, std::vector<std::uint8_t>(64, 99));
}

TEST(Jpeg, FourChannelsAndGiantsAreRefused) {
  EXPECT_EQ(refusal(jpeg(plain_image({1, 2, 3, 4}, 8, 8))).message(),
            "the image has 4 channels: expected grey or colour");
  EXPECT_EQ(refusal(jpeg(plain_image({1}, 1, 4097))).message(),
            "the image has 4097 x 1 pixels: at most 4096 x 4096 are read");
}

}  // namespace
}  // namespace tern::formats
