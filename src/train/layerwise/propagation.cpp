#include "train/layerwise/propagation.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "kernels/graph/spmm.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;
using Clock = std::chrono::steady_clock;
constexpr std::int64_t sampled_rows = 256;
constexpr std::int64_t rows_a_piece = 512;  // of a sparse result, computed by one thread at a time

std::int64_t own_column(const PropagatedRows& p, std::int64_t u) {
  return p.own.empty() ? u : p.own[static_cast<Index>(u)];
}

/// Calls visit(v, P_uv) for the entries of row u of P, the diagonal's own part last.
template <typename Visit>
void for_each_term(const PropagatedRows& p, std::int64_t u, const Visit& visit) {
  const auto row = static_cast<Index>(u);
  for (auto e = static_cast<Index>(p.rowptr[row]); e < static_cast<Index>(p.rowptr[row + 1]); ++e)
    visit(p.col[e], p.row[row] * (p.weight.empty() ? 1.0F : p.weight[e]));
  visit(own_column(p, u), p.self[row]);
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

RowMatrix dense_times_dense(const PropagatedRows& p, const RowMatrix& input, const std::filesystem::path& scratch,
                            const std::string& name) {
  const std::int64_t f = input.columns();
  RowMatrix out = RowMatrix::make(scratch, name, p.num_rows(), f);
  std::vector<std::int64_t> rowptr;
  for_each_block(p.num_rows(), f, [&](std::int64_t first, std::int64_t last) {
    const auto from = p.rowptr.subspan(static_cast<Index>(first), static_cast<Index>(last - first) + 1);
    rowptr.assign(from.begin(), from.end());
    const std::int64_t edge = rowptr.front();
    for (std::int64_t& at : rowptr) at -= edge;
    const float* weight = p.weight.empty() ? nullptr : p.weight.data() + edge;
    const kernels::Csr rows{last - first, p.columns, rowptr.data(), p.col.data() + edge, weight};
    float* dst = out.writable() + first * f;
    kernels::SpmmTerms terms;
    terms.row = p.row.data() + first;
    kernels::spmm(rows, f, input.data(), dst, terms);
    // The kernel's own `self` is for square matrices, and these are some rows of one.
    parallel_for(last - first, 256, [&, dst, first](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const float* src = input.data() + own_column(p, first + i) * f;
        const float self = p.self[static_cast<Index>(first + i)];
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

/// Some rows of a matrix, with what they own.
struct PickedRows {
  std::vector<std::int64_t> rowptr{0};
  std::vector<std::int32_t> col, own;
  std::vector<float> weight, row, self;

  PickedRows(const PropagatedRows& from, const at::Tensor& ids) {
    for (std::int64_t i = 0; i < ids.numel(); ++i) {
      const std::int64_t id = ids.data_ptr<std::int64_t>()[i];
      const auto u = static_cast<Index>(id), begin = static_cast<Index>(from.rowptr[u]),
                 count = static_cast<Index>(from.rowptr[u + 1]) - begin;
      const auto entries = from.col.subspan(begin, count);
      col.insert(col.end(), entries.begin(), entries.end());
      if (!from.weight.empty()) {
        const auto weights = from.weight.subspan(begin, count);
        weight.insert(weight.end(), weights.begin(), weights.end());
      }
      rowptr.push_back(std::ssize(col));
      own.push_back(static_cast<std::int32_t>(own_column(from, id)));
      row.push_back(from.row[u]);
      self.push_back(from.self[u]);
    }
  }
  PropagatedRows view(std::int64_t columns) const { return {rowptr, col, weight, row, self, own, columns}; }
};

}  // namespace

LayerInput propagate(const PropagatedRows& p, const LayerInput& x, const std::filesystem::path& scratch,
                     const std::string& name) {
  if (x.is_sparse()) return sparse_product(p, x.sparse(), scratch, name);
  return LayerInput(dense_times_dense(p, x.dense(), scratch, name));
}

Propagation::Propagation(graph::Graph graph, std::filesystem::path scratch, ProcessGroup* group)
    : graph_(std::move(graph)),
      scales_(graph::scales_of(graph_, graph::Normalisation::lgcn)),
      scratch_(std::move(scratch)) {
  if (group == nullptr || group->size() == 1) {
    whole_ = {graph_.rowptr(), graph_.col(), graph_.weight(), scales_.row, scales_.self, {}, graph_.num_nodes()};
    return;
  }
  const RowOwners owners = RowOwners::blocks(graph_.num_nodes(), group->size());
  halo_.emplace(group, owners, take_rows(graph_, owners, group->rank()));
  scales_ = halo_->local_scales(scales_);
  graph_ = {};
  const kernels::Csr matrix = halo_->matrix();
  first_ = halo_->num_owned() == 0 ? 0 : halo_->columns()[0];
  const auto rows = static_cast<Index>(matrix.rows);
  const auto entries = static_cast<Index>(matrix.rowptr[rows]);
  whole_ = {{matrix.rowptr, rows + 1},
            {matrix.col, entries},
            {matrix.value, matrix.value == nullptr ? 0 : entries},
            scales_.row,
            scales_.self,
            {},
            matrix.columns};
}

std::int64_t Propagation::place_of(std::int64_t node) const {
  return node >= first_ && node < first_ + num_owned() ? node - first_ : -1;
}

LayerInput Propagation::local(const LayerInput& features) const {
  if (!halo_) return features;
  const std::vector<std::int64_t> ids(halo_->columns().begin(), halo_->columns().end());
  return features.select(at::tensor(ids, at::kLong), scratch_);
}

LayerInput Propagation::run(const LayerInput& x, const std::string& name) {
  const auto begin = Clock::now();
  LayerInput out = propagate(whole_, x, scratch_, name);
  if (halo_) {
    if (out.is_sparse()) fail(ErrorKind::internal, "propagation", "sparse products are not exchanged");
    RowMatrix with_halo = RowMatrix::make(scratch_, name + "-halo", whole_.columns, out.columns());
    with_halo.block(0, num_owned()).copy_(out.dense().values());
    at::Tensor values = with_halo.values();
    halo_->fill(values);
    out = LayerInput(std::move(with_halo));
  }
  ++count_;
  seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
  return out;
}

LayerInput Propagation::rows_apart(const LayerInput& x, const at::Tensor& ids, const std::string& name) const {
  const PickedRows picked(whole_, ids);
  return propagate(picked.view(whole_.columns), x, scratch_, name);
}

LayerInput Propagation::rows(const LayerInput& x, const at::Tensor& ids, const std::string& name) {
  const auto begin = Clock::now();
  LayerInput out = rows_apart(x, ids, name);
  ++count_;
  seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
  return out;
}

}  // namespace tern::train
