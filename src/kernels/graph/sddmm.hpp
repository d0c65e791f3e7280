// Dense times dense at the places of a sparse matrix: scores of edges, and gradients of edge weights.
#pragma once

#include "kernels/graph/spmm.hpp"

namespace tern::kernels {

/// dst[e] = sum over k of x[u][k] * y[v][k] for entry e of row u and column v, times value[e] where a has
/// values. x is [rows, f], y [columns, f], dst [entries]. Results do not depend on the number of threads.
void sddmm(const Csr& a, std::int64_t f, const float* x, const float* y, float* dst);

}  // namespace tern::kernels
