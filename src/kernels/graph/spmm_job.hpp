// One call of the sparse products as an instruction set's unit sees it. Plain data: see
// kernels/kernel_table.hpp.
#pragma once

#include <cstdint>

#include "kernels/graph/spmm.hpp"

namespace tern::kernels {

/// A product over `f` columns; rows of src and dst are `f` elements apart.
struct SpmmJob {
  Csr a;
  SpmmTerms terms;
  std::int64_t f;
  const void* src;
  void* dst;
  std::int64_t ahead;  ///< entries to prefetch ahead; 0 where src is small
  bool stream;         ///< dst is aligned and large: write around the caches
};

/// Units of this family. `weights` is scratch for the entries of rows [first, last).
struct SpmmUnit {
  void (*floats)(const SpmmJob&, std::int64_t first, std::int64_t last, float* weights);
  void (*bf16)(const SpmmJob&, std::int64_t first, std::int64_t last, float* weights);
  void (*bf16_to_bf16)(const SpmmJob&, std::int64_t first, std::int64_t last, float* weights);
  /// job.src is x, job.dst the products.
  void (*sddmm)(const SpmmJob&, const float* y, std::int64_t first, std::int64_t last);
};

namespace spmm_scalar {
extern const SpmmUnit unit;
}
namespace spmm_avx2 {
extern const SpmmUnit unit;
}
namespace spmm_avx512 {
extern const SpmmUnit unit;
}

/// The unit of current_isa().
const SpmmUnit& spmm_unit();

}  // namespace tern::kernels
