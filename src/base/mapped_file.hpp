// Files read in place: the system's page cache is the buffer.
#pragma once

#include <filesystem>
#include <string_view>

namespace tern {

/// How a mapped file will be read, a hint to the system: from front to back, or here and there.
enum class AccessPattern { sequential, random };

/// The bytes of a file as they stand on disk, read-only, mapped (POSIX mmap) where the system can: nothing is read
/// before it is looked at, and pages may leave memory again. What cannot be mapped (a pipe) is read into memory.
/// The bytes begin at an address that is a multiple of 16. An empty file has no bytes.
///
/// A file that is replaced meanwhile (AtomicFile, rename) keeps its old bytes here. One that another process shortens in
/// place does not: looking behind its new end ends this process (SIGBUS), as it does with every mapping.
///
/// Errors: ErrorKind::io with the path and the system's reason. Thread safety: immutable once made.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path, AccessPattern pattern = AccessPattern::sequential);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  /// Valid as long as this object, or the one that it was moved to.
  std::string_view bytes() const noexcept { return bytes_; }
  bool is_mapped() const noexcept { return is_mapped_; }

 private:
  std::string_view bytes_;
  bool is_mapped_ = false;
};

}  // namespace tern
