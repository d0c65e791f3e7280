#include <arm_neon.h>

#include "kernels/dense/dense_job.hpp"

namespace tern::kernels::dense_neon {
#include "kernels/dot_arm.inl"
#include "kernels/dense/dense_conv_arm.inl"
#include "kernels/dense/dense_unpack.inl"
}  // namespace tern::kernels::dense_neon
