#include "train/layerwise/row_matrix.hpp"

#include <algorithm>

#include "learn/torch.hpp"

namespace tern::train {

RowMatrix RowMatrix::make(const std::filesystem::path& scratch, const std::string& name, std::int64_t rows,
                          std::int64_t columns) {
  RowMatrix out;
  if (scratch.empty() || rows == 0) {
    out.values_ = at::empty({rows, columns});
    return out;
  }
  out.file_ = graph::MappedMatrix::create(scratch / (name + ".npy"), rows, columns);
  out.values_ = at::from_blob(out.file_->writable(), {rows, columns}, at::kFloat);
  return out;
}

RowMatrix RowMatrix::view(const float* values, std::int64_t rows, std::int64_t columns) {
  RowMatrix out;
  out.values_ =
      at::from_blob(const_cast<float*>(values), {rows, columns}, at::kFloat);  // only read through views
  return out;
}

RowMatrix RowMatrix::view(const graph::MappedMatrix& file) {
  RowMatrix out = view(file.data(), file.rows(), file.columns());
  out.file_ = file;
  return out;
}

void RowMatrix::release(std::int64_t first, std::int64_t last) const {
  if (file_) file_->release_rows(first, last);
}

void for_each_block(std::int64_t rows, std::int64_t columns,
                    const std::function<void(std::int64_t, std::int64_t)>& body) {
  constexpr std::int64_t block_floats = std::int64_t{1} << 23;
  const std::int64_t step = std::max<std::int64_t>(1, block_floats / std::max<std::int64_t>(1, columns));
  for (std::int64_t first = 0; first < rows; first += step) body(first, std::min(rows, first + step));
}

}  // namespace tern::train
