#include "kernels/dense/depthwise_job.hpp"

namespace tern::kernels::depthwise_scalar {
#include "kernels/dense/depthwise_plain.inl"
}  // namespace tern::kernels::depthwise_scalar
