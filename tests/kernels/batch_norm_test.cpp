#include "kernels/batch_norm.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

struct Case {
  std::int64_t rows, channels;
};
const Case cases[] = {{1, 1}, {2, 3}, {7, 16}, {100, 1}, {101, 3}, {63, 17}, {5, 200}, {4000, 33}};

TEST(BatchNorm, WorkedByHand) {
  const std::vector<float> x{1, 10, 3, 30};  // two rows of two channels
  float mean[2], var[2], scale[2], shift[2];
  batch_norm_statistics(2, 2, x.data(), mean, var);
  EXPECT_EQ(mean[0], 2);
  EXPECT_EQ(mean[1], 20);
  EXPECT_EQ(var[0], 1);
  EXPECT_EQ(var[1], 100);
  const float gamma[] = {3, 1}, beta[] = {1, 0};
  fold_batch_norm(2, gamma, beta, mean, var, 0, scale, shift);
  EXPECT_EQ(scale[0], 3);
  EXPECT_EQ(shift[0], -5);
  std::vector<float> y(4);
  affine_forward(2, 2, x.data(), scale, shift, y.data());
  EXPECT_EQ(y[0], -2);
  EXPECT_EQ(y[2], 4);
}

TEST(BatchNorm, StatisticsEqualTwoPassesInDouble) {
  for (const auto [rows, channels] : cases) {
    for (const double offset : {0.0, 1000.0}) {  // a mean far from 0 must not cost the variance its digits
      const std::vector<float> x = normals(rows * channels, 3, offset);
      each_isa([&, rows = rows, channels = channels] {
        each_thread_count([&] {
          std::vector<float> mean(static_cast<std::size_t>(channels)), var(mean.size());
          batch_norm_statistics(rows, channels, x.data(), mean.data(), var.data());
          for (std::int64_t c = 0; c < channels; ++c) {
            double m = 0, v = 0;
            for (std::int64_t r = 0; r < rows; ++r) m += x[static_cast<std::size_t>(r * channels + c)];
            m /= static_cast<double>(rows);
            for (std::int64_t r = 0; r < rows; ++r)
              v += std::pow(x[static_cast<std::size_t>(r * channels + c)] - m, 2);
            v /= static_cast<double>(rows);
            EXPECT_FLOAT_EQ(mean[static_cast<std::size_t>(c)], static_cast<float>(m));
            EXPECT_NEAR(var[static_cast<std::size_t>(c)], v, 1e-6 * v + 1e-12);
          }
        });
      });
    }
  }
}

// grad_x, with sums of the first pass, against finite differences of L = sum w * normalised(x) in double.
TEST(BatchNorm, BackwardEqualsFiniteDifferences) {
  const std::int64_t rows = 9, channels = 3;
  const std::vector<float> x = normals(27, 1, 0.5), w = normals(27, 2), gamma{0.5F, 1, 2};
  const double eps = 1e-3;
  const auto loss = [&](const std::vector<double>& v) {
    double total = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      double m = 0, s = 0;
      for (std::size_t r = 0; r < 9; ++r) m += v[r * 3 + c] / 9;
      for (std::size_t r = 0; r < 9; ++r) s += std::pow(v[r * 3 + c] - m, 2) / 9;
      for (std::size_t r = 0; r < 9; ++r)
        total += w[r * 3 + c] * gamma[c] * (v[r * 3 + c] - m) / std::sqrt(s + eps);
    }
    return total;
  };
  float mean[3], var[3], scale[3], shift[3], inv_std[3], sum[3], sum_x[3];
  batch_norm_statistics(rows, channels, x.data(), mean, var);
  fold_batch_norm(3, gamma.data(), nullptr, mean, var, static_cast<float>(eps), scale, shift, inv_std);
  batch_norm_backward_sums(rows, channels, x.data(), w.data(), sum, sum_x);
  each_isa([&] {
    std::vector<float> grad = w;  // in place
    batch_norm_backward_input(rows, channels, x.data(), grad.data(), mean, inv_std, gamma.data(), sum, sum_x,
                              grad.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      std::vector<double> more(x.begin(), x.end()), less = more;
      more[i] += 1e-5, less[i] -= 1e-5;
      EXPECT_NEAR(grad[i], (loss(more) - loss(less)) / 2e-5, 1e-5);
    }
  });
}

TEST(BatchNorm, PassesAgreeOnEveryInstructionSet) {
  for (const auto [rows, channels] : cases) {
    const std::vector<float> x = normals(rows * channels, 3), g = normals(rows * channels, 4);
    const std::vector<float> a = normals(channels, 5, 1), b = normals(channels, 6);
    std::vector<float> first_y, first_sums;
    each_isa([&, rows = rows, channels = channels] {
      std::vector<float> y(x.size()), sum(static_cast<std::size_t>(channels)), sum_x(sum.size());
      affine_forward(rows, channels, x.data(), a.data(), b.data(), y.data());
      batch_norm_backward_sums(rows, channels, x.data(), g.data(), sum.data(), sum_x.data());
      for (std::size_t c = 0; c < sum.size(); ++c) {
        double s = 0, sx = 0;
        for (std::size_t i = c; i < x.size(); i += sum.size()) s += g[i], sx += double{g[i]} * x[i];
        EXPECT_NEAR(sum[c], s, 1e-6 * (1 + std::abs(s)));
        EXPECT_NEAR(sum_x[c], sx, 1e-6 * (1 + std::abs(sx)));
      }
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float scaled = a[i % sum.size()] * x[i];
        EXPECT_EQ(y[i], scaled + b[i % sum.size()]);
      }
      sum.insert(sum.end(), sum_x.begin(), sum_x.end());
      if (first_sums.empty()) first_sums = sum;
      EXPECT_EQ(sum, first_sums);
    });
  }
}

TEST(BatchNorm, RefusesNoRows) {
  float x = 0;
  EXPECT_THROW(batch_norm_statistics(0, 1, &x, &x, &x), Error);
}

}  // namespace
}  // namespace tern::kernels
