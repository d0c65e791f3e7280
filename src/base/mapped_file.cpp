#include "base/mapped_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace tern {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path) : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (number_ >= 0) return;
    const int reason = errno;
    fail(ErrorKind::io, path.string(), "cannot open: {}", std::strerror(reason));
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

/// Empty where the file is, where it has no fixed size, or where the system cannot map it.
std::string_view map(const Descriptor& file, AccessPattern pattern) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0) return {};
  if (static_cast<std::uintmax_t>(status.st_size) > SIZE_MAX / 2) return {};
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (address == MAP_FAILED) return {};
  ::madvise(address, size, pattern == AccessPattern::random ? MADV_RANDOM : MADV_SEQUENTIAL);
  return {static_cast<const char*>(address), size};
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, AccessPattern pattern) {
  const Descriptor file(path);
  bytes_ = map(file, pattern);
  is_mapped_ = !bytes_.empty();
  if (is_mapped_) return;
  const std::string bytes = read_file(path);
  if (bytes.empty()) return;
  auto* const copy = new char[bytes.size()];
  std::copy(bytes.begin(), bytes.end(), copy);
  bytes_ = {copy, bytes.size()};
}

MappedFile::~MappedFile() {
  if (is_mapped_) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  else delete[] bytes_.data();
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), is_mapped_(std::exchange(other.is_mapped_, false)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(is_mapped_, other.is_mapped_);
  return *this;
}

}  // namespace tern
