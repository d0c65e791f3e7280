#include <arm_neon.h>

#include "kernels/bits/low_bit_kernels.hpp"

namespace tern::kernels::low_bit_dotprod {
#include "kernels/bits/low_bit_arm.inl"
}  // namespace tern::kernels::low_bit_dotprod
