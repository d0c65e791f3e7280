#include "graph/mapped_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"

namespace tern::graph {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail_io(const fs::path& path, std::string_view doing, int reason) {
  fail(ErrorKind::io, path.string(), "cannot {}: {}", doing, std::strerror(reason));
}

/// Closes itself.
struct Descriptor {
  int value = -1;
  ~Descriptor() {
    if (value >= 0) ::close(value);
  }
};

}  // namespace

std::shared_ptr<MappedFile> MappedFile::open(const fs::path& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.value < 0) fail_io(path, "open", errno);
  struct stat status {};
  if (::fstat(file.value, &status) != 0) fail_io(path, "read", errno);
  if (!S_ISREG(status.st_mode)) fail(ErrorKind::io, path.string(), "is not a regular file");
  std::shared_ptr<MappedFile> out(new MappedFile);
  out->path_ = path;
  out->size_ = static_cast<std::size_t>(status.st_size);
  if (out->size_ == 0) return out;
  void* data = ::mmap(nullptr, out->size_, PROT_READ, MAP_SHARED, file.value, 0);
  if (data == MAP_FAILED) fail_io(path, "map", errno);
  out->data_ = static_cast<std::byte*>(data);
  return out;
}

std::shared_ptr<MappedFile> MappedFile::create(const fs::path& path, std::uint64_t bytes) {
  if (path.has_parent_path()) {
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);  // mkstemps below reports the reason
  }
  std::string name = path.string() + ".XXXXXX.tmp";
  const Descriptor file{::mkstemps(name.data(), 4)};
  if (file.value < 0) fail_io(path, "create a file there", errno);
  std::shared_ptr<MappedFile> out(new MappedFile);
  out->path_ = path;
  out->temporary_ = name;
  ::fchmod(file.value, 0644);
  // Reserved now: a full disk must not show as a killed process at the first write.
  if (const int reason = bytes > 0 ? ::posix_fallocate(file.value, 0, static_cast<off_t>(bytes)) : 0;
      reason != 0)
    fail_io(path, "reserve the space of the file", reason);
  if (bytes == 0) return out;
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.value, 0);
  if (data == MAP_FAILED) fail_io(path, "map", errno);
  out->data_ = static_cast<std::byte*>(data);
  out->size_ = bytes;
  return out;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void MappedFile::release(std::size_t offset, std::size_t bytes) const {
  if (data_ == nullptr || offset >= size_) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t first = offset / page * page, last = std::min(size_, offset + bytes);
  ::madvise(data_ + first, last - first, MADV_DONTNEED);
}

void MappedFile::commit(std::uint64_t bytes) {
  if (temporary_.empty())
    fail(ErrorKind::internal, path_.string(), "commit of a file that is not being written");
  if (data_ != nullptr && ::msync(data_, size_, MS_SYNC) != 0) fail_io(path_, "write to disk", errno);
  if (bytes < size_ && ::truncate(temporary_.c_str(), static_cast<off_t>(bytes)) != 0)
    fail_io(path_, "shorten", errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_io(path_, "replace", errno);
  temporary_.clear();
}

}  // namespace tern::graph
