#include "train/layerwise/layer_input.hpp"

#include <algorithm>

#include "kernels/graph/spmm.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/dense_product.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;

kernels::Csr csr_of(const graph::SparseMatrix& m) {
  return {m.rows, m.columns, m.rowptr.data(), m.col.data(), m.value.empty() ? nullptr : m.value.data()};
}

template <typename RowOf>
graph::SparseMatrix rows_of(const graph::SparseMatrix& m, std::int64_t count, const RowOf& row_of) {
  graph::SparseMatrix out;
  out.rows = count;
  out.columns = m.columns;
  out.rowptr.reserve(static_cast<Index>(count) + 1);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto row = static_cast<Index>(row_of(i));
    out.rowptr.push_back(out.rowptr.back() + m.rowptr[row + 1] - m.rowptr[row]);
  }
  out.col.reserve(static_cast<Index>(out.rowptr.back()));
  if (!m.value.empty()) out.value.reserve(out.col.capacity());
  for (std::int64_t i = 0; i < count; ++i) {
    const auto row = static_cast<Index>(row_of(i));
    const std::ptrdiff_t begin = m.rowptr[row], end = m.rowptr[row + 1];
    out.col.insert(out.col.end(), m.col.begin() + begin, m.col.begin() + end);
    if (!m.value.empty()) out.value.insert(out.value.end(), m.value.begin() + begin, m.value.begin() + end);
  }
  return out;
}

}  // namespace

at::Tensor multiply(const RowBatch& x, const at::Tensor& weight) {
  if (x.dense.defined()) return dense_product(x.dense, weight);
  at::Tensor out = at::empty({x.sparse.rows, weight.size(1)});
  kernels::spmm(csr_of(x.sparse), weight.size(1), weight.data_ptr<float>(), out.data_ptr<float>());
  return out;
}

at::Tensor multiply_transposed(RowBatch& x, const at::Tensor& gradient) {
  if (x.dense.defined()) return dense_product(x.dense.t(), gradient);
  if (!x.transposed) x.transposed = graph::transpose(x.sparse);
  const at::Tensor plain = gradient.contiguous();
  at::Tensor out = at::empty({x.sparse.columns, gradient.size(1)});
  kernels::spmm(csr_of(x.transposed->matrix), gradient.size(1), plain.data_ptr<float>(),
                out.data_ptr<float>());
  return out;
}

RowBatch LayerInput::gather(const at::Tensor& ids) const {
  RowBatch out;
  if (!is_sparse()) {
    out.dense = dense_.values().index_select(0, ids);
    return out;
  }
  const std::int64_t* id = ids.data_ptr<std::int64_t>();
  out.sparse = rows_of(*sparse_, ids.numel(), [id](std::int64_t i) { return id[i]; });
  return out;
}

RowBatch LayerInput::block(std::int64_t first, std::int64_t last) const {
  RowBatch out;
  if (is_sparse())
    out.sparse = rows_of(*sparse_, last - first, [first](std::int64_t i) { return first + i; });
  else
    out.dense = dense_.block(first, last);
  return out;
}

LayerInput LayerInput::select(const at::Tensor& ids, const std::filesystem::path& scratch) const {
  if (is_sparse()) return LayerInput(gather(ids).sparse);
  RowMatrix out = RowMatrix::make(scratch, "selected-features", ids.numel(), columns());
  for_each_block(ids.numel(), columns(), [&](std::int64_t first, std::int64_t last) {
    at::Tensor into = out.block(first, last);
    at::index_select_out(into, dense_.values(), 0, ids.slice(0, first, last));
    out.release(first, last);
    dense_.release(0, rows());
  });
  return LayerInput(std::move(out));
}

void LayerInput::release() const {
  if (!is_sparse()) dense_.release(0, rows());
}

RowMatrix transform(const LayerInput& input, const at::Tensor& weight, bool relu,
                    const std::filesystem::path& scratch, const std::string& name) {
  RowMatrix out = RowMatrix::make(scratch, name, input.rows(), weight.size(1));
  const std::int64_t widest = std::max(input.columns(), weight.size(1));
  for_each_block(input.rows(), widest, [&](std::int64_t first, std::int64_t last) {
    at::Tensor product = multiply(input.block(first, last), weight);
    if (relu) product.relu_();
    out.block(first, last).copy_(product);
    out.release(first, last);
    if (!input.is_sparse()) input.dense().release(first, last);
  });
  return out;
}

}  // namespace tern::train
