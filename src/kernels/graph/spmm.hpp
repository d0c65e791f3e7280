// Sparse times dense: what graph networks spend their time on.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// A sparse matrix [rows, columns] as compressed sparse rows. `value` is null where every entry is 1.
/// REQUIRES: rowptr [rows + 1] never falling from 0, 0 <= col < columns (graph::Graph has checked both).
struct Csr {
  std::int64_t rows = 0, columns = 0;
  const std::int64_t* rowptr = nullptr;
  const std::int32_t* col = nullptr;
  const float* value = nullptr;
};

/// What a product may fuse, each null where it is not wanted. With all of them, for entry e of row u and
/// column v,
///   dst[u] = row[u] * sum over e of (value[p] * keep[p] * column[v]) * src[v]  +  self[u] * src[u],   p =
///   entry[e] or e
/// so that normalisations such as D^-1/2 (A+I) D^-1/2 are computed on the way from a vector of degrees.
struct SpmmTerms {
  const float* row = nullptr;          ///< [rows]
  const float* column = nullptr;       ///< [columns]
  const float* self = nullptr;         ///< [rows]; the matrix is square then
  const std::uint8_t* keep = nullptr;  ///< [entries] 0 or 1: dropout on the entries, or pruned edges
  const std::int64_t* entry =
      nullptr;  ///< [entries]: where a transposed matrix finds value and keep of the original
};

/// dst [rows, f] = A src [columns, f], row-major; dst is overwritten, rows without entries become 0 (or self
/// * src). src and dst do not overlap. Any f >= 1, fastest where rows begin at multiples of 64 bytes. Sums
/// run in the order of the entries on one thread each, so that results do not depend on the number of
/// threads. Backward is the same product with the transposed matrix, `row` and `column` exchanged.
///
/// Rows are dealt out in chunks of about equal entries, the rows of src are prefetched some entries ahead,
/// sums stay in registers, and dst goes around the caches where it is large. Working on slices of columns
/// that fit the last cache was measured and is slower.
void spmm(const Csr& a, std::int64_t f, const float* src, float* dst, const SpmmTerms& terms = {});

/// The same with bfloat16 storage (kernels/graph/bf16.hpp), products and sums in float32.
void spmm(const Csr& a, std::int64_t f, const std::uint16_t* src, float* dst, const SpmmTerms& terms = {});
void spmm(const Csr& a, std::int64_t f, const std::uint16_t* src, std::uint16_t* dst,
          const SpmmTerms& terms = {});

}  // namespace tern::kernels
