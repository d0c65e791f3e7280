// Pooling on the channels-last kernels of kernels/pool.hpp.
#pragma once

#include <array>
#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tern::learn {

struct PoolWindow {
  std::array<std::int64_t, 2> kernel{2, 2}, stride{2, 2};
};

/// src [n, c, h, w] -> [n, c, oh, ow], both channels last; differentiable. max saves one byte an output, avg nothing.
at::Tensor max_pool2d(const at::Tensor& src, const PoolWindow& window);
at::Tensor avg_pool2d(const at::Tensor& src, const PoolWindow& window);

}  // namespace tern::learn
