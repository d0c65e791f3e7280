#include "train/layerwise/propagated_rows.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/threads.hpp"
#include "kernels/graph/spmm.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;
constexpr std::int64_t sampled_rows = 256;
constexpr std::int64_t rows_a_piece = 512;  // of a sparse result, computed by one thread at a time

/// Calls visit(v, P_uv) for the entries of the i-th row, the diagonal's own part last.
template <typename Visit>
void for_each_term(const PropagatedRows& p, std::int64_t i, const Visit& visit) {
  const auto row = static_cast<Index>(p.id(i));
  for (auto e = static_cast<Index>(p.rowptr[row]); e < static_cast<Index>(p.rowptr[row + 1]); ++e)
    visit(p.col[e], p.row[row] * (p.weight.empty() ? 1.0F : p.weight[e]));
  visit(static_cast<std::int64_t>(row), p.self[row]);
}

template <typename Visit>
void for_each_entry(const graph::SparseMatrix& x, std::int64_t row, const Visit& visit) {
  const auto end = static_cast<Index>(x.rowptr[static_cast<Index>(row) + 1]);
  for (auto e = static_cast<Index>(x.rowptr[static_cast<Index>(row)]); e < end; ++e)
    visit(x.col[e], x.value.empty() ? 1.0F : x.value[e]);
}

/// One row of P X for sparse X, summed in a dense row.
class SparseRow {
 public:
  SparseRow(const PropagatedRows& p, const graph::SparseMatrix& x)
      : p_(p), x_(x), sum_(static_cast<Index>(x.columns)), touched_bits_(sum_.size() / 64 + 1) {}

  /// Columns that row u touches, ascending.
  const std::vector<std::int32_t>& compute(std::int64_t u) {
    for (const std::int32_t column : touched_) sum_[static_cast<Index>(column)] = 0;
    touched_.clear();
    for_each_term(p_, u, [&](std::int64_t v, float factor) {
      for_each_entry(x_, v, [&](std::int32_t column, float value) {
        const auto at = static_cast<Index>(column);
        touched_bits_[at / 64] |= std::uint64_t{1} << at % 64;
        sum_[at] += factor * value;
      });
    });
    for (Index word = 0; word < touched_bits_.size(); ++word)
      for (std::uint64_t bits = std::exchange(touched_bits_[word], 0); bits != 0; bits &= bits - 1)
        touched_.push_back(static_cast<std::int32_t>(64 * word + static_cast<Index>(std::countr_zero(bits))));
    return touched_;
  }
  float operator[](std::int32_t column) const { return sum_[static_cast<Index>(column)]; }

 private:
  const PropagatedRows& p_;
  const graph::SparseMatrix& x_;
  std::vector<float> sum_;
  std::vector<std::uint64_t> touched_bits_;  // a sort of what was touched took most of the time
  std::vector<std::int32_t> touched_;
};

/// Share of a sample of rows that is not zero.
double sampled_density(SparseRow& row, std::int64_t rows, std::int64_t columns) {
  if (rows == 0 || columns == 0) return 0;
  const std::int64_t count = std::min(rows, sampled_rows);
  std::int64_t entries = 0;
  for (std::int64_t i = 0; i < count; ++i)
    entries += static_cast<std::int64_t>(row.compute(i * rows / count).size());
  return static_cast<double>(entries) / static_cast<double>(count * columns);
}

/// Some rows of a sparse result.
struct Piece {
  std::vector<std::int64_t> length;
  std::vector<std::int32_t> col;
  std::vector<float> value;
};

graph::SparseMatrix joined(const std::vector<Piece>& pieces, std::int64_t rows, std::int64_t columns) {
  graph::SparseMatrix out;
  out.rows = rows;
  out.columns = columns;
  for (const Piece& piece : pieces)
    for (const std::int64_t length : piece.length) out.rowptr.push_back(out.rowptr.back() + length);
  out.col.reserve(static_cast<Index>(out.rowptr.back()));
  out.value.reserve(out.col.capacity());
  for (const Piece& piece : pieces) {
    out.col.insert(out.col.end(), piece.col.begin(), piece.col.end());
    out.value.insert(out.value.end(), piece.value.begin(), piece.value.end());
  }
  return out;
}

/// Rows first .. last as a matrix of their own: views of P, or copies of picked rows.
class BlockOfRows {
 public:
  void take(const PropagatedRows& p, std::int64_t first, std::int64_t last) {
    rowptr_.assign(1, 0);
    col_.clear();
    weight_.clear();
    row_.clear();
    std::int64_t edge = 0;
    for (std::int64_t i = first; i < last; ++i) {
      const auto u = static_cast<Index>(p.id(i)), begin = static_cast<Index>(p.rowptr[u]),
                 count = static_cast<Index>(p.rowptr[u + 1]) - begin;
      rowptr_.push_back(rowptr_.back() + static_cast<std::int64_t>(count));
      row_.push_back(p.row[u]);
      if (i == first) edge = p.rowptr[u];
      if (!p.picked) continue;
      const auto entries = p.col.subspan(begin, count);
      col_.insert(col_.end(), entries.begin(), entries.end());
      if (p.weight.empty()) continue;
      const auto weights = p.weight.subspan(begin, count);
      weight_.insert(weight_.end(), weights.begin(), weights.end());
    }
    const float* weight = p.weight.empty() ? nullptr : p.picked ? weight_.data() : p.weight.data() + edge;
    matrix_ = {last - first, p.columns, rowptr_.data(), p.picked ? col_.data() : p.col.data() + edge, weight};
  }
  const kernels::Csr& matrix() const { return matrix_; }
  const float* factors() const { return row_.data(); }

 private:
  std::vector<std::int64_t> rowptr_;
  std::vector<std::int32_t> col_;
  std::vector<float> weight_, row_;
  kernels::Csr matrix_{};
};

RowMatrix dense_times_dense(const PropagatedRows& p, const RowMatrix& input,
                            const std::filesystem::path& scratch, const std::string& name) {
  const std::int64_t f = input.columns();
  RowMatrix out = RowMatrix::make(scratch, name, p.num_rows(), f);
  BlockOfRows rows;
  for_each_block(p.num_rows(), f, [&](std::int64_t first, std::int64_t last) {
    rows.take(p, first, last);
    float* dst = out.writable() + first * f;
    kernels::SpmmTerms terms;
    terms.row = rows.factors();
    kernels::spmm(rows.matrix(), f, input.data(), dst, terms);
    // The kernel's own `self` is for square matrices, and these are some rows of one.
    parallel_for(last - first, 256, [&, dst, first](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t u = p.id(first + i);
        const float* src = input.data() + u * f;
        const float self = p.self[static_cast<Index>(u)];
        for (std::int64_t k = 0; k < f; ++k) dst[i * f + k] += self * src[k];
      }
    });
    out.release(first, last);
    input.release(0, input.rows());
  });
  return out;
}

RowMatrix sparse_to_dense(const PropagatedRows& p, const graph::SparseMatrix& input,
                          const std::filesystem::path& scratch, const std::string& name) {
  const std::int64_t columns = input.columns;
  RowMatrix out = RowMatrix::make(scratch, name, p.num_rows(), columns);
  for_each_block(p.num_rows(), columns, [&](std::int64_t first, std::int64_t last) {
    parallel_for(last - first, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t u = first + begin; u < first + end; ++u) {
        float* dst = out.writable() + u * columns;
        std::fill(dst, dst + columns, 0.0F);
        for_each_term(p, u, [&](std::int64_t v, float factor) {
          for_each_entry(input, v, [&](std::int32_t column, float value) { dst[column] += factor * value; });
        });
      }
    });
    out.release(first, last);
  });
  return out;
}

LayerInput sparse_product(const PropagatedRows& p, const graph::SparseMatrix& input,
                          const std::filesystem::path& scratch, const std::string& name) {
  const std::int64_t rows = p.num_rows();
  SparseRow sample(p, input);
  if (sampled_density(sample, rows, input.columns) > 0.25)
    return LayerInput(sparse_to_dense(p, input, scratch, name));
  std::vector<Piece> pieces(static_cast<Index>((rows + rows_a_piece - 1) / rows_a_piece));
  parallel_for(static_cast<std::int64_t>(pieces.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    SparseRow row(p, input);
    for (std::int64_t at = begin; at < end; ++at) {
      Piece& piece = pieces[static_cast<Index>(at)];
      for (std::int64_t u = at * rows_a_piece; u < std::min(rows, (at + 1) * rows_a_piece); ++u) {
        const std::vector<std::int32_t>& touched = row.compute(u);
        piece.length.push_back(static_cast<std::int64_t>(touched.size()));
        piece.col.insert(piece.col.end(), touched.begin(), touched.end());
        for (const std::int32_t column : touched) piece.value.push_back(row[column]);
      }
    }
  });
  return LayerInput(joined(pieces, rows, input.columns));
}

}  // namespace

LayerInput propagate(const PropagatedRows& p, const LayerInput& x, const std::filesystem::path& scratch,
                     const std::string& name) {
  if (x.is_sparse()) return sparse_product(p, x.sparse(), scratch, name);
  return LayerInput(dense_times_dense(p, x.dense(), scratch, name));
}

}  // namespace tern::train
