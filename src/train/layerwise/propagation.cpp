#include "train/layerwise/propagation.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/threads.hpp"
#include "kernels/graph/spmm.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;
constexpr std::int64_t sampled_rows = 256;
constexpr std::int64_t rows_a_piece = 512;  // of a sparse result, computed by one thread at a time

/// Calls visit(v, P_uv) for the entries of row u of P, the diagonal's own part last.
template <typename Visit>
void for_each_term(const graph::Graph& graph, const graph::Scales& scales, std::int64_t u,
                   const Visit& visit) {
  const auto row = static_cast<Index>(u);
  for (std::int64_t e = graph.rowptr()[row]; e < graph.rowptr()[row + 1]; ++e)
    visit(graph.col()[static_cast<Index>(e)], scales.row[row] * graph.weight_of(e));
  visit(u, scales.self[row]);
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
  SparseRow(const graph::Graph& graph, const graph::Scales& scales, const graph::SparseMatrix& x)
      : graph_(graph), scales_(scales), x_(x), sum_(static_cast<Index>(x.columns)), seen_(sum_.size(), 0) {}

  /// Columns that row u touches, ascending.
  const std::vector<std::int32_t>& compute(std::int64_t u) {
    for (const std::int32_t column : touched_)
      sum_[static_cast<Index>(column)] = 0, seen_[static_cast<Index>(column)] = 0;
    touched_.clear();
    for_each_term(graph_, scales_, u, [&](std::int64_t v, float factor) {
      for_each_entry(x_, v, [&](std::int32_t column, float value) {
        if (!std::exchange(seen_[static_cast<Index>(column)], std::uint8_t{1})) touched_.push_back(column);
        sum_[static_cast<Index>(column)] += factor * value;
      });
    });
    std::sort(touched_.begin(), touched_.end());
    return touched_;
  }
  float operator[](std::int32_t column) const { return sum_[static_cast<Index>(column)]; }

 private:
  const graph::Graph& graph_;
  const graph::Scales& scales_;
  const graph::SparseMatrix& x_;
  std::vector<float> sum_;
  std::vector<std::uint8_t> seen_;
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

}  // namespace

Propagation::Propagation(graph::Graph graph, std::filesystem::path scratch)
    : graph_(std::move(graph)),
      scales_(graph::scales_of(graph_, graph::Normalisation::lgcn)),
      scratch_(std::move(scratch)) {}

LayerInput Propagation::run(const LayerInput& input, const std::string& name) {
  const auto begin = std::chrono::steady_clock::now();
  LayerInput out =
      input.is_sparse() ? run_sparse(input.sparse(), name) : LayerInput(run_dense(input.dense(), name));
  ++count_;
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out;
}

RowMatrix Propagation::run_dense(const RowMatrix& input, const std::string& name) const {
  const std::int64_t f = input.columns();
  RowMatrix out = RowMatrix::make(scratch_, name, input.rows(), f);
  std::vector<std::int64_t> rowptr;
  for_each_block(input.rows(), f, [&](std::int64_t first, std::int64_t last) {
    const auto from =
        graph_.rowptr().subspan(static_cast<Index>(first), static_cast<Index>(last - first) + 1);
    rowptr.assign(from.begin(), from.end());
    const std::int64_t edge = rowptr.front();
    for (std::int64_t& at : rowptr) at -= edge;
    const float* weight = graph_.is_weighted() ? graph_.weight().data() + edge : nullptr;
    const kernels::Csr rows{last - first, graph_.num_nodes(), rowptr.data(), graph_.col().data() + edge,
                            weight};
    float* dst = out.writable() + first * f;
    kernels::SpmmTerms terms;
    terms.row = scales_.row.data() + first;
    kernels::spmm(rows, f, input.data(), dst, terms);
    // The kernel's own `self` is for square matrices, and these are some rows of one.
    const float *src = input.data() + first * f, *self = scales_.self.data() + first;
    parallel_for(last - first, 256, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i)
        for (std::int64_t k = i * f; k < (i + 1) * f; ++k) dst[k] += self[i] * src[k];
    });
    out.release(first, last);
    input.release(0, input.rows());
  });
  return out;
}

RowMatrix Propagation::run_to_dense(const graph::SparseMatrix& input, const std::string& name) const {
  const std::int64_t columns = input.columns;
  RowMatrix out = RowMatrix::make(scratch_, name, input.rows, columns);
  for_each_block(input.rows, columns, [&](std::int64_t first, std::int64_t last) {
    parallel_for(last - first, rows_a_piece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t u = first + begin; u < first + end; ++u) {
        float* dst = out.writable() + u * columns;
        std::fill(dst, dst + columns, 0.0F);
        for_each_term(graph_, scales_, u, [&](std::int64_t v, float factor) {
          for_each_entry(input, v, [&](std::int32_t column, float value) { dst[column] += factor * value; });
        });
      }
    });
    out.release(first, last);
  });
  return out;
}

LayerInput Propagation::run_sparse(const graph::SparseMatrix& input, const std::string& name) const {
  const std::int64_t rows = input.rows, columns = input.columns;
  SparseRow sample(graph_, scales_, input);
  if (sampled_density(sample, rows, columns) > 0.25) return LayerInput(run_to_dense(input, name));
  std::vector<Piece> pieces(static_cast<Index>((rows + rows_a_piece - 1) / rows_a_piece));
  parallel_for(static_cast<std::int64_t>(pieces.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    SparseRow row(graph_, scales_, input);
    for (std::int64_t p = begin; p < end; ++p) {
      Piece& piece = pieces[static_cast<Index>(p)];
      for (std::int64_t u = p * rows_a_piece; u < std::min(rows, (p + 1) * rows_a_piece); ++u) {
        const std::vector<std::int32_t>& touched = row.compute(u);
        piece.length.push_back(static_cast<std::int64_t>(touched.size()));
        for (const std::int32_t column : touched)
          piece.col.push_back(column), piece.value.push_back(row[column]);
      }
    }
  });
  return LayerInput(joined(pieces, rows, columns));
}

}  // namespace tern::train
