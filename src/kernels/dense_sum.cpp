#include "kernels/dense_sum.hpp"

#include "kernels/kernel_table.hpp"

namespace tern::kernels {

void dense_sums(const DenseSum& job, float* dst) {
  kernel_table().dense_sums(job, dst);
}
void dense_sums(const DenseSum& job, double* dst) {
  kernel_table().dense_sums_wide(job, dst);
}

}  // namespace tern::kernels
