#include <arm_neon.h>

#include "kernels/sparse/sparse_conv_impl.hpp"

#define TERN_INLINE static inline __attribute__((always_inline))

namespace tern::kernels::sparse_neon {
#include "kernels/sparse/sparse_conv_arm.inl"
}  // namespace tern::kernels::sparse_neon
