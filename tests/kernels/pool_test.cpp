#include "kernels/pool.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

std::size_t at(const PoolShape& s, std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t c) {
  return static_cast<std::size_t>(((n * s.h + y) * s.w + x) * s.c + c);
}

/// Calls body(output place, source places of the window in row-major order).
template <typename Body>
void each_window(const PoolShape& s, const Body& body) {
  std::size_t out = 0;
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t y = 0; y < s.out_h(); ++y)
      for (std::int64_t x = 0; x < s.out_w(); ++x)
        for (std::int64_t c = 0; c < s.c; ++c) {
          std::vector<std::size_t> places;
          for (std::int64_t dy = 0; dy < s.kernel_h; ++dy)
            for (std::int64_t dx = 0; dx < s.kernel_w; ++dx)
              places.push_back(at(s, n, y * s.stride_h + dy, x * s.stride_w + dx, c));
          body(out++, places);
        }
}

const PoolShape shapes[] = {
    {2, 8, 8, 16, 2, 2, 2, 2}, {3, 9, 7, 5, 2, 2, 2, 2},     {1, 6, 6, 33, 3, 3, 2, 2},
    {2, 7, 9, 3, 3, 2, 1, 3},  {1, 5, 5, 64, 5, 5, 5, 5},    {2, 34, 34, 2, 2, 2, 2, 2},
    {1, 8, 8, 17, 2, 2, 3, 3}, {2, 15, 17, 1, 15, 17, 1, 1},
};

/// Small integers: many ties, so that the first maximum matters.
std::vector<float> ties(std::size_t count, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> out(count);
  for (float& v : out) v = static_cast<float>(rng.below(3));
  return out;
}

TEST(MaxPool, EqualsPlainLoops) {
  for (const PoolShape& s : shapes) {
    const auto in = static_cast<std::size_t>(s.n * s.h * s.w * s.c);
    const auto out = static_cast<std::size_t>(s.n * s.out_h() * s.out_w() * s.c);
    const std::vector<float> x = ties(in, 1), grad = ties(out, 2);
    std::vector<float> expected(out), expected_grad(in);
    std::vector<std::uint8_t> expected_index(out);
    each_window(s, [&](std::size_t o, const std::vector<std::size_t>& places) {
      std::size_t best = 0;
      for (std::size_t p = 0; p < places.size(); ++p)
        if (x[places[p]] > x[places[best]]) best = p;
      expected[o] = x[places[best]];
      expected_index[o] = static_cast<std::uint8_t>(best);
      expected_grad[places[best]] += grad[o];
    });
    each_isa([&] {
      each_thread_count([&] {
        std::vector<float> y(out, -1), grad_x(in, -1);
        std::vector<std::uint8_t> index(out, 9);
        max_pool2d_forward(s, x.data(), y.data(), index.data());
        EXPECT_EQ(y, expected);
        EXPECT_EQ(index, expected_index);
        max_pool2d_backward(s, grad.data(), index.data(), grad_x.data());
        EXPECT_EQ(grad_x, expected_grad);  // integers: sums are exact in any order
        std::fill(y.begin(), y.end(), -1.0F);
        max_pool2d_forward(s, x.data(), y.data(), nullptr);
        EXPECT_EQ(y, expected);
      });
    });
  }
}

TEST(AvgPool, EqualsPlainLoops) {
  for (const PoolShape& s : shapes) {
    const std::int64_t in = s.n * s.h * s.w * s.c, out = s.n * s.out_h() * s.out_w() * s.c;
    const std::vector<float> x = normals(in, 1), grad = normals(out, 2);
    std::vector<float> expected(grad.size());
    std::vector<double> expected_grad(x.size());
    const auto count = static_cast<float>(s.kernel_h * s.kernel_w);
    each_window(s, [&](std::size_t o, const std::vector<std::size_t>& places) {
      float sum = x[places[0]];
      for (std::size_t p = 1; p < places.size(); ++p) sum += x[places[p]];
      expected[o] = sum / count;
      for (const std::size_t place : places) expected_grad[place] += grad[o] / count;
    });
    each_isa([&] {
      each_thread_count([&] {
        std::vector<float> y(grad.size(), -1), grad_x(x.size(), -1);
        avg_pool2d_forward(s, x.data(), y.data());
        EXPECT_EQ(y, expected);
        avg_pool2d_backward(s, grad.data(), grad_x.data());
        for (std::size_t i = 0; i < x.size(); ++i) ASSERT_NEAR(grad_x[i], expected_grad[i], 1e-5);
      });
    });
  }
}

TEST(Pool, RefusesWhatItCannotIndex) {
  float x[1024], y[1024];
  std::uint8_t index[1024];
  EXPECT_THROW(max_pool2d_forward({1, 16, 16, 1, 16, 16, 1, 1}, x, y, index), Error);
  EXPECT_THROW(max_pool2d_forward({1, 2, 2, 1, 3, 3, 1, 1}, x, y, index), Error);
  EXPECT_THROW(avg_pool2d_forward({1, 2, 2, 1, 2, 2, 0, 1}, x, y), Error);
}

}  // namespace
}  // namespace tern::kernels
