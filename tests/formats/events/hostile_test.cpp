// Truncated and corrupted files of every format: each gives events or one clear error, never a crash. The
// sanitizer build is where this test earns its keep.
#include "base/atomic_file.hpp"
#include "formats/events/aedat4_files.hpp"
#include "formats/events/read_events.hpp"

namespace tern::formats {
namespace {

using namespace testing;

struct Sample {
  std::string name;
  std::string bytes;
};

std::vector<Sample> samples() {
  std::vector<Sample> all;
  std::string bin, two = aedat2_header(), words = evt2_header(), state = evt3_header(),
                   decoded = dat_header(), body;
  for (int i = 0; i < 20; ++i) {
    bin += nmnist(i, 33 - i, i % 2 == 0, 100 * i);
    two += aedat2(i, 127 - i, i % 2 == 0, static_cast<std::uint64_t>(100 * i));
    words += evt2_time(static_cast<std::uint32_t>(i)) + evt2(i, 479 - i, i % 2 == 0, 3);
    state += evt3(8, i) + evt3(6, 10) + evt3(0, i) + evt3(2, i) + evt3(3, i) + evt3(4, 0xabc) + evt3(5, 0x81);
    decoded += dat(i, 239 - i, i % 2 == 0, static_cast<std::uint64_t>(100 * i));
    body += aedat31(i, 127 - i, i % 2 == 0, static_cast<std::uint32_t>(100 * i));
  }
  all.push_back({"a.bin", bin});
  all.push_back({"a.aedat", two});
  all.push_back({"b.aedat", aedat31_header() + aedat31_packet(1, 0, 24, body) + aedat31_packet(2, 0, 2, "")});
  all.push_back({"a.raw", words});
  all.push_back({"b.raw", state});
  all.push_back({"a.dat", decoded});
  for (const int compression : {0, 1, 3}) all.push_back({"a.aedat4", aedat4_file(compression)});
  return all;
}

/// Reads; an error must be one of the two that files may cause and must name the file.
void expect_events_or_clear_error(const std::string& name, const std::string& bytes) {
  try {
    const Recording got = read_events(bytes, name);
    EXPECT_FALSE(got.events.empty());
    for (const Event& event : got.events) {
      ASSERT_TRUE(event.x >= 0 && event.x < got.width && event.y >= 0 && event.y < got.height);
    }
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::bad_data || error.kind() == ErrorKind::unsupported)
        << error.what();
    EXPECT_TRUE(error.place().starts_with(name)) << error.what();
  }
}

TEST(HostileEvents, WholeSamplesAreRead) {
  for (const Sample& sample : samples())
    EXPECT_NO_THROW(read_events(sample.bytes, sample.name)) << sample.name;
}

TEST(HostileEvents, TruncatedAtEveryByte) {
  for (const Sample& sample : samples())
    for (std::size_t size = 0; size < sample.bytes.size(); ++size)
      expect_events_or_clear_error(sample.name, sample.bytes.substr(0, size));
}

TEST(HostileEvents, CorruptedAtEveryByte) {
  for (const Sample& sample : samples())
    for (std::size_t at = 0; at < sample.bytes.size(); ++at)
      for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
        std::string bytes = sample.bytes;
        bytes[at] = static_cast<char>(bytes[at] ^ flip);
        expect_events_or_clear_error(sample.name, bytes);
      }
}

TEST(HostileEvents, RealFilesCutAndCorruptedAtManyPlaces) {
  TERN_NEED_REAL_DATA(folder, "event-samples");
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const std::string whole = tern::read_file(file.path()).substr(0, 30000);
    const std::string name = file.path().filename().string();
    for (std::size_t at = 1; at < whole.size(); at += 997) {
      expect_events_or_clear_error(name, whole.substr(0, at));
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x5a);
      expect_events_or_clear_error(name, bytes);
    }
  }
}

}  // namespace
}  // namespace tern::formats
