// A float matrix whose rows lie in memory or in a scratch file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

#include "graph/mapped_matrix.hpp"

namespace tern::train {

/// [rows, columns], row-major. Copies share the values.
class RowMatrix {
 public:
  RowMatrix() = default;
  /// New values, not set: in memory where `scratch` is empty, else mapped from a file of that folder that
  /// vanishes with the matrix. Errors: io (the disk is full).
  static RowMatrix make(const std::filesystem::path& scratch, const std::string& name, std::int64_t rows,
                        std::int64_t columns);
  /// Values of somebody else, who keeps them.
  static RowMatrix view(const float* values, std::int64_t rows, std::int64_t columns);
  static RowMatrix view(const graph::MappedMatrix& file);

  std::int64_t rows() const { return values_.size(0); }
  std::int64_t columns() const { return values_.size(1); }
  const at::Tensor& values() const { return values_; }
  at::Tensor block(std::int64_t first, std::int64_t last) const { return values_.slice(0, first, last); }
  float* writable() { return values_.data_ptr<float>(); }
  const float* data() const { return values_.data_ptr<float>(); }
  bool is_mapped() const { return file_.has_value(); }
  /// Gives memory behind mapped rows back to the system; does nothing where rows lie in memory.
  void release(std::int64_t first, std::int64_t last) const;

 private:
  at::Tensor values_;
  std::optional<graph::MappedMatrix> file_;
};

/// Calls body(first, last) for blocks of rows, in order, each of about 32 MiB at `columns` floats a row.
void for_each_block(std::int64_t rows, std::int64_t columns,
                    const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace tern::train
