// Files that are either whole or absent: written beside their name, synced, then renamed over it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tern {

/// A file under construction. Bytes go to a temporary file in the same folder; commit() syncs it and renames it to
/// `path`. Without commit() (an exception, a kill) `path` keeps what it held before.
/// Errors: ErrorKind::io with the path and the system's reason (disk full, no permission).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  void commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/// AtomicFile in one call. Creates the parent folder where it is missing.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The whole file as bytes. Errors: ErrorKind::io.
std::string read_file(const std::filesystem::path& path);

}  // namespace tern
