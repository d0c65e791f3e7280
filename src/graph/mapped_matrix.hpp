// Node features larger than memory: a float matrix in an .npy file, mapped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "graph/mapped_file.hpp"

namespace tern::graph {

/// A row-major float32 matrix [rows, columns] in a file of NumPy's format 1.0 (`<f4`, C order), so that
/// numpy.load(path, mmap_mode="r") reads it too. The values begin at a multiple of 64 bytes.
class MappedMatrix {
 public:
  /// An existing file, read only. The header may be hostile. Errors: io; bad_data for any other type, order
  /// or number of dimensions, or a size that does not fit.
  static MappedMatrix open(const std::filesystem::path& path);
  /// A new file of zeros; nothing appears at `path` before commit(). Errors: io, usage for negative extents.
  static MappedMatrix create(const std::filesystem::path& path, std::int64_t rows, std::int64_t columns);

  std::int64_t rows() const { return rows_; }
  std::int64_t columns() const { return columns_; }
  const float* data() const { return reinterpret_cast<const float*>(file_->data() + offset_); }
  float* writable() { return reinterpret_cast<float*>(file_->writable() + offset_); }
  std::span<const float> row(std::int64_t i) const {
    return {data() + i * columns_, static_cast<std::size_t>(columns_)};
  }
  /// Gives the memory behind rows [first, last) back; the file keeps them.
  void release_rows(std::int64_t first, std::int64_t last) const;
  void commit() { file_->commit(); }

 private:
  std::shared_ptr<MappedFile> file_;
  std::size_t offset_ = 0;
  std::int64_t rows_ = 0, columns_ = 0;
};

}  // namespace tern::graph
