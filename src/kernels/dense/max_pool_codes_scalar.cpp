#include "kernels/dense/max_pool_job.hpp"

namespace tern::kernels::max_pool_scalar {
#include "kernels/dense/max_pool_codes_impl.inl"
}  // namespace tern::kernels::max_pool_scalar
