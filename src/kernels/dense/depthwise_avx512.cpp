#include <immintrin.h>

#include "kernels/dense/depthwise_job.hpp"

namespace tern::kernels::depthwise_avx512 {
#include "kernels/dense/depthwise_pairs.inl"
}  // namespace tern::kernels::depthwise_avx512
