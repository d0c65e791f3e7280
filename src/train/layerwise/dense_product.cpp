#include "train/layerwise/dense_product.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/threads.hpp"
#include "kernels/graph/spmm.hpp"
#include "learn/torch.hpp"

namespace tern::train {

at::Tensor dense_product(const at::Tensor& a, const at::Tensor& b) {
  constexpr std::int64_t group = 16;  // rows of a call; their pattern is that of any other group
  const at::Tensor left = a.contiguous(), right = b.contiguous();
  const std::int64_t m = left.size(0), k = left.size(1), n = right.size(1);
  at::Tensor out = at::empty({m, n});
  const std::int64_t height = std::min(group, m);
  std::vector<std::int64_t> rowptr(static_cast<std::size_t>(height) + 1);
  for (std::int64_t row = 0; row <= height; ++row) rowptr[static_cast<std::size_t>(row)] = row * k;
  std::vector<std::int32_t> col(static_cast<std::size_t>(height * k));
  for (std::size_t i = 0; i < col.size(); ++i)
    col[i] = static_cast<std::int32_t>(i % static_cast<std::size_t>(k));
  const float *values = left.data_ptr<float>(), *src = right.data_ptr<float>();
  float* dst = out.data_ptr<float>();
  const std::int64_t groups = (m + group - 1) / group,
                     grain = std::max<std::int64_t>(1, (1 << 16) / (group * k * n + 1));
  parallel_for(groups, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t first = begin * group; first < std::min(m, end * group); first += group) {
      const kernels::Csr rows{std::min(group, m - first), k, rowptr.data(), col.data(), values + first * k};
      kernels::spmm(rows, n, src, dst + first * n);
    }
  });
  return out;
}

}  // namespace tern::train
