#include "learn/graph/graph_batch.hpp"
#include "learn/torch.hpp"

namespace tern::learn {

SparseRows sparse_rows(graph::SparseMatrix matrix) {
  graph::check(matrix, "sparse features");
  SparseRows rows;
  rows.transposed = std::make_shared<graph::TransposedMatrix>(graph::transpose(matrix));
  rows.matrix = std::make_shared<graph::SparseMatrix>(std::move(matrix));
  return rows;
}

at::Tensor to_dense(const SparseRows& rows) {
  const graph::SparseMatrix& m = *rows.matrix;
  at::Tensor dense = at::zeros({m.rows, m.columns});
  float* values = dense.data_ptr<float>();
  const std::uint8_t* keep = rows.keep.defined() ? rows.keep.data_ptr<std::uint8_t>() : nullptr;
  for (std::int64_t r = 0; r < m.rows; ++r)
    for (std::int64_t e = m.rowptr[static_cast<std::size_t>(r)];
         e < m.rowptr[static_cast<std::size_t>(r) + 1]; ++e) {
      const auto at = static_cast<std::size_t>(e);
      if (keep != nullptr && keep[e] == 0) continue;
      values[r * m.columns + m.col[at]] += rows.factor * (m.value.empty() ? 1.0F : m.value[at]);
    }
  return dense;
}

}  // namespace tern::learn
