#include "formats/images/idx.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <zlib.h>

#include "base/error.hpp"

namespace tern::formats {
namespace {

constexpr std::int64_t most_values = std::int64_t{1} << 31;

/// A file read through zlib, which passes files that are not compressed through unchanged.
class GzFile {
 public:
  explicit GzFile(const std::filesystem::path& path)
      : place_(path.string()), file_(gzopen(path.c_str(), "rb"), gzclose) {
    if (!file_) fail(ErrorKind::io, place_, "cannot open: {}", std::strerror(errno));
    gzbuffer(file_.get(), 1 << 17);
  }

  /// Up to `count` bytes; fewer at the end of the file only.
  std::size_t read(std::uint8_t* dst, std::size_t count) {
    const int got = gzread(file_.get(), dst, static_cast<unsigned>(count));
    int code = Z_OK;
    const char* reason = gzerror(file_.get(), &code);
    if (code == Z_ERRNO) fail(ErrorKind::io, place_, "cannot read: {}", std::strerror(errno));
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
      fail(ErrorKind::bad_data, place_, "damaged: {}", reason);
    return static_cast<std::size_t>(got);
  }

  void read_exactly(std::uint8_t* dst, std::size_t count, const char* what) {
    if (read(dst, count) != count) fail(ErrorKind::bad_data, place_, "the file ends within {}", what);
  }

 private:
  std::string place_;
  std::unique_ptr<gzFile_s, decltype(&gzclose)> file_;
};

std::vector<std::int64_t> read_shape(GzFile& file, const std::string& place) {
  std::uint8_t magic[4];
  file.read_exactly(magic, 4, "its first four bytes");
  if (magic[0] != 0 || magic[1] != 0 || magic[2] != 8 || magic[3] < 1 || magic[3] > 4)
    fail(ErrorKind::bad_data, place,
         "expected an IDX file of bytes (0, 0, 8, number of dimensions 1..4), it begins with {}, {}, {}, {}",
         magic[0], magic[1], magic[2], magic[3]);
  std::vector<std::int64_t> shape;
  std::int64_t values = 1;
  for (int i = 0; i < magic[3]; ++i) {
    std::uint8_t b[4];
    file.read_exactly(b, 4, "its dimensions");
    shape.push_back(std::int64_t{b[0]} << 24 | std::int64_t{b[1]} << 16 | std::int64_t{b[2]} << 8 |
                    std::int64_t{b[3]});
    if (shape.back() == 0 || shape.back() > most_values / values)
      fail(ErrorKind::bad_data, place, "dimension {} is {}: expected at least 1 and at most {} values in all",
           i, shape.back(), most_values);
    values *= shape.back();
  }
  return shape;
}

}  // namespace

Idx read_idx(const std::filesystem::path& path) {
  GzFile file(path);
  Idx idx{read_shape(file, path.string()), {}};
  std::size_t total = 1;
  for (const std::int64_t extent : idx.shape) total *= static_cast<std::size_t>(extent);
  constexpr std::size_t chunk = std::size_t{1} << 22;
  while (idx.values.size() < total) {
    const std::size_t have = idx.values.size(), more = std::min(chunk, total - have);
    idx.values.resize(have + more);
    const std::size_t got = file.read(idx.values.data() + have, more);
    if (got < more)
      fail(ErrorKind::bad_data, path.string(), "its header promises {} values, the file holds {}", total,
           have + got);
  }
  std::uint8_t extra = 0;
  if (file.read(&extra, 1) != 0)
    fail(ErrorKind::bad_data, path.string(), "bytes follow the {} promised values", total);
  return idx;
}

}  // namespace tern::formats
