// Files as memory: arrays that are larger than memory is free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace tern::graph {

/// A file mapped for reading, or a new one mapped for writing. A file being written has a temporary name
/// until commit(); without it nothing appears at `path`. Ranges of one mapping may be used by different
/// threads.
class MappedFile {
 public:
  /// An existing file, read only. Errors: io.
  static std::shared_ptr<MappedFile> open(const std::filesystem::path& path);
  /// A file of `bytes` zeros to be filled. Creates the parent folder. Errors: io (the disk is full, no
  /// permission).
  static std::shared_ptr<MappedFile> create(const std::filesystem::path& path, std::uint64_t bytes);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::size_t size() const { return size_; }
  const std::byte* data() const { return data_; }
  std::byte* writable() { return data_; }

  /// `count` values from `offset`, which the caller has checked to lie inside the file and be aligned.
  template <typename T>
  std::span<const T> array(std::size_t offset, std::size_t count) const {
    return {reinterpret_cast<const T*>(data_ + offset), count};
  }
  template <typename T>
  std::span<T> writable_array(std::size_t offset, std::size_t count) {
    return {reinterpret_cast<T*>(data_ + offset), count};
  }

  /// Gives the memory behind a range back to the system; the file keeps it, and the next reading maps it
  /// again.
  void release(std::size_t offset, std::size_t bytes) const;
  /// Syncs and renames a created file to its name, cut to its first `bytes`. Errors: io.
  void commit(std::uint64_t bytes);
  void commit() { commit(size_); }

 private:
  MappedFile() = default;
  std::filesystem::path path_, temporary_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tern::graph
