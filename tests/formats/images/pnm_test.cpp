#include "formats/images/pnm.hpp"

#include "base/seed.hpp"
#include "formats/images/image_files.hpp"

namespace tern::formats {
namespace {

using namespace testing;

Error refusal(const std::string& bytes) {
  return error_of([&] { read_pnm(bytes, "a"); });
}

TEST(Pnm, ReadsGreyAndColourWithComments) {
  const Image grey = read_pnm("P5\n# by hand\n3 2 # wide\n255\n\x01\x02\x03\x04\x05\xff", "a");
  EXPECT_EQ(grey.channels, 1);
  EXPECT_EQ(grey.height, 2);
  EXPECT_EQ(grey.width, 3);
  EXPECT_EQ(grey.pixels, (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 255}));
  const Image colour = read_pnm("P6 2 1 255\n\x01\x02\x03\x04\x05\x06", "a");
  EXPECT_EQ(colour.channels, 3);
  EXPECT_EQ(colour.pixels, (std::vector<std::uint8_t>{1, 4, 2, 5, 3, 6}));
  // A pixel may look like white space or a comment.
  EXPECT_EQ(read_pnm("P5 2 1 255 \n#", "a").pixels, (std::vector<std::uint8_t>{'\n', '#'}));
}

TEST(Pnm, WrongFilesAreRefused) {
  EXPECT_EQ(refusal("P5 3 2 255\n12345").message(), "3 x 2 pixels take 6 bytes, there are 5");
  EXPECT_EQ(refusal("P5 3 2 255\n1234567").message(), "3 x 2 pixels take 6 bytes, there are 7");
  EXPECT_EQ(refusal("P2 1 1 255\n7").kind(), ErrorKind::unsupported);
  EXPECT_EQ(refusal("P5 1 1 15\n7").message(), "the largest value must be 255, is 15");
  EXPECT_EQ(refusal("P5 1 1 65535\n77").kind(), ErrorKind::unsupported);
  EXPECT_EQ(refusal("P5 0 1 255\n").kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal("P5 99999999999999999999 1 255\n").kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal("P4 1 1\n7").message(), "is no PGM or PPM image");
  EXPECT_EQ(refusal("").kind(), ErrorKind::bad_data);
  const std::string whole = "P6 #c\n2 1 255\n123456";
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal(whole.substr(0, size)).kind(), ErrorKind::internal) << size;
}

TEST(Pnm, DamagedFilesEndInAnErrorOrAnImage) {
  Rng rng(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes = "P6 #c\n2 1 255\n123456";
    for (int k = 0; k < 3; ++k) bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    try {
      const Image image = read_pnm(bytes, "a");
      ASSERT_EQ(image.pixels.size(), static_cast<std::size_t>(image.channels * image.height * image.width));
    } catch (const Error& error) {
      ASSERT_NE(error.kind(), ErrorKind::internal);
    }
  }
}

}  // namespace
}  // namespace tern::formats
