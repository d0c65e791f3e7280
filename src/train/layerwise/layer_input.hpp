// What a layer reads: rows of features, dense or sparse, and their products with weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

#include "graph/sparse_matrix.hpp"
#include "train/layerwise/row_matrix.hpp"

namespace tern::train {

/// Some rows, to be multiplied: dense [rows, columns], or sparse.
struct RowBatch {
  at::Tensor dense;
  graph::SparseMatrix sparse;                         ///< used where `dense` is undefined
  std::optional<graph::TransposedMatrix> transposed;  ///< of `sparse`, from the first multiply_transposed on
};

/// x W: [rows, columns] times weight [columns, outputs] -> [rows, outputs]. REQUIRES: weight contiguous.
at::Tensor multiply(const RowBatch& x, const at::Tensor& weight);
/// x' g: gradient [rows, outputs] -> that of the weight, [columns, outputs].
at::Tensor multiply_transposed(RowBatch& x, const at::Tensor& gradient);

/// [rows, columns], shared between copies.
class LayerInput {
 public:
  LayerInput() = default;
  explicit LayerInput(RowMatrix rows) : dense_(std::move(rows)) {}
  /// A view; the matrix must outlive it.
  explicit LayerInput(const graph::SparseMatrix* matrix) : sparse_(std::shared_ptr<void>(), matrix) {}
  explicit LayerInput(graph::SparseMatrix matrix)
      : sparse_(std::make_shared<const graph::SparseMatrix>(std::move(matrix))) {}

  bool is_sparse() const { return sparse_ != nullptr; }
  std::int64_t rows() const { return is_sparse() ? sparse_->rows : dense_.rows(); }
  std::int64_t columns() const { return is_sparse() ? sparse_->columns : dense_.columns(); }
  /// REQUIRES: !is_sparse(), is_sparse().
  const RowMatrix& dense() const { return dense_; }
  const graph::SparseMatrix& sparse() const { return *sparse_; }

  /// Copies of the rows ids[i] (int64, in 0 .. rows-1).
  RowBatch gather(const at::Tensor& ids) const;
  /// Rows first .. last-1; dense ones are a view.
  RowBatch block(std::int64_t first, std::int64_t last) const;
  /// The rows ids[i] as an input of its own, in `scratch` where that is given and they are dense.
  LayerInput select(const at::Tensor& ids, const std::filesystem::path& scratch) const;
  /// Gives back memory behind mapped rows.
  void release() const;

 private:
  RowMatrix dense_;
  std::shared_ptr<const graph::SparseMatrix> sparse_;
};

/// input W, block by block, rectified where `relu`. `name` is that of the scratch file.
RowMatrix transform(const LayerInput& input, const at::Tensor& weight, bool relu,
                    const std::filesystem::path& scratch, const std::string& name);

}  // namespace tern::train
