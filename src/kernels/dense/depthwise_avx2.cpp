#include <immintrin.h>

#include "kernels/dense/depthwise_job.hpp"

namespace tern::kernels::depthwise_avx2 {
#include "kernels/dense/depthwise_pairs.inl"
}  // namespace tern::kernels::depthwise_avx2
