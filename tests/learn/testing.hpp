// Small helpers for tests on torch tensors.
#pragma once

#include <gtest/gtest.h>

#include "learn/torch.hpp"

namespace tern::learn {

/// Largest absolute difference.
inline double distance(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

inline at::Tensor random(at::IntArrayRef sizes, std::uint64_t seed) {
  return at::randn(sizes, make_generator(seed), at::TensorOptions(at::kFloat));
}

inline at::Tensor channels_last(const at::Tensor& tensor) { return tensor.contiguous(at::MemoryFormat::ChannelsLast); }

inline at::Tensor leaf(const at::Tensor& tensor) { return tensor.detach().clone().set_requires_grad(true); }

}  // namespace tern::learn
