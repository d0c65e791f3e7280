#include "learn/autograd/pool_function.hpp"

#include "learn/testing.hpp"

namespace tern::learn {
namespace {

TEST(PoolFunction, EqualsTorch) {
  for (const PoolWindow& window : {PoolWindow{{2, 2}, {2, 2}}, PoolWindow{{3, 2}, {2, 1}}, PoolWindow{{2, 3}, {3, 4}}}) {
    const at::Tensor x = random({3, 5, 9, 11}, 1);
    const at::Tensor a = leaf(channels_last(x)), b = leaf(x), c = leaf(channels_last(x)), d = leaf(x);
    const at::Tensor max = max_pool2d(a, window), expected_max = at::max_pool2d(b, window.kernel, window.stride);
    const at::Tensor avg = avg_pool2d(c, window), expected_avg = at::avg_pool2d(d, window.kernel, window.stride);
    EXPECT_EQ(distance(max, expected_max), 0);
    EXPECT_LT(distance(avg, expected_avg), 1e-6);
    const at::Tensor grad = random(max.sizes(), 2);
    max.backward(grad);
    expected_max.backward(grad);
    avg.backward(grad);
    expected_avg.backward(grad);
    EXPECT_LT(distance(a.grad(), b.grad()), 1e-6);
    EXPECT_LT(distance(c.grad(), d.grad()), 1e-6);
  }
}

}  // namespace
}  // namespace tern::learn
