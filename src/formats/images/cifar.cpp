#include "formats/images/cifar.hpp"

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace tern::formats {

CifarBatch read_cifar10(const std::filesystem::path& path) {
  constexpr std::size_t pixels = 3 * 32 * 32, record = 1 + pixels;
  const std::string bytes = tern::read_file(path);
  if (bytes.empty() || bytes.size() % record != 0)
    fail(ErrorKind::bad_data, path.string(), "expected records of {} bytes, the file has {} bytes", record,
         bytes.size());
  CifarBatch batch;
  batch.pixels.reserve(bytes.size() / record * pixels);
  for (std::size_t at = 0; at < bytes.size(); at += record) {
    batch.labels.push_back(static_cast<std::uint8_t>(bytes[at]));
    if (batch.labels.back() > 9)
      fail(ErrorKind::bad_data, path.string(), "label {} of record {}: expected 0 to 9", batch.labels.back(),
           at / record);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at + 1);
    batch.pixels.insert(batch.pixels.end(), first, first + static_cast<std::ptrdiff_t>(pixels));
  }
  return batch;
}

}  // namespace tern::formats
