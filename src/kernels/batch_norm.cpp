#include "kernels/batch_norm.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "kernels/kernel_table.hpp"

namespace tern::kernels {
namespace {

constexpr std::int64_t grain_floats = 1 << 15;
constexpr std::int64_t least_columns = 64;

/// Rows folded into columns, so that few channels still fill vectors: [rows, channels] read as
/// [rows / fold, channels * fold] and a remainder of rows % fold rows.
struct Folding {
  std::int64_t fold, columns, rows, remainder;
  Folding(std::int64_t num_rows, std::int64_t channels)
      : fold(std::max<std::int64_t>(1, least_columns / channels)),
        columns(channels * fold),
        rows(num_rows / fold),
        remainder(num_rows % fold) {}
};

std::vector<float> repeated(const float* values, std::int64_t channels, std::int64_t columns) {
  std::vector<float> out(static_cast<std::size_t>(columns));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = values[static_cast<std::int64_t>(i) % channels];
  return out;
}

/// Calls add(rows, first element, columns, sum a, sum b) over parts of the rows, one a thread, then adds the
/// parts and the folds of each channel in a fixed order into a and b.
template <typename Add>
void sum_rows(std::int64_t num_rows, std::int64_t channels, const Add& add, std::vector<double>& a,
              std::vector<double>& b) {
  const Folding f(num_rows, channels);
  const std::int64_t grain = std::max<std::int64_t>(1, grain_floats / f.columns);
  const std::int64_t parts = std::clamp<std::int64_t>(f.rows / grain, 1, num_threads());
  std::vector<double> sums(static_cast<std::size_t>(2 * f.columns * parts));
  parallel_for(parts, 1, [&](std::int64_t first_part, std::int64_t last_part) {
    for (std::int64_t i = first_part; i < last_part; ++i) {
      const std::int64_t first = f.rows * i / parts, last = f.rows * (i + 1) / parts;
      double* sum = sums.data() + 2 * f.columns * i;
      add(last - first, first * f.columns, f.columns, sum, sum + f.columns);
    }
  });
  add(f.remainder, f.rows * f.columns, channels, sums.data(), sums.data() + f.columns);
  a.assign(static_cast<std::size_t>(channels), 0.0), b.assign(static_cast<std::size_t>(channels), 0.0);
  for (std::int64_t i = 0; i < parts; ++i)
    for (std::int64_t e = 0; e < f.columns; ++e) {
      a[static_cast<std::size_t>(e % channels)] += sums[static_cast<std::size_t>(2 * f.columns * i + e)];
      b[static_cast<std::size_t>(e % channels)] +=
          sums[static_cast<std::size_t>(2 * f.columns * i + f.columns + e)];
    }
}

/// Calls apply(rows, first element, columns) over all rows, in parallel.
template <typename Apply>
void each_rows(std::int64_t num_rows, std::int64_t channels, const Apply& apply) {
  const Folding f(num_rows, channels);
  parallel_for(
      f.rows, std::max<std::int64_t>(1, grain_floats / f.columns),
      [&](std::int64_t first, std::int64_t last) { apply(last - first, first * f.columns, f.columns); });
  if (f.remainder) apply(f.remainder, f.rows * f.columns, channels);
}

}  // namespace

void batch_norm_statistics(std::int64_t rows, std::int64_t channels, const float* x, float* mean,
                           float* var) {
  if (rows < 1) fail(ErrorKind::usage, "batch_norm", "expected at least one row, got {}", rows);
  if (channels < 1) return;
  const std::vector<float> centre = repeated(x, channels, Folding(rows, channels).columns);
  std::vector<double> sum, squares;
  sum_rows(
      rows, channels,
      [&](std::int64_t n, std::int64_t first, std::int64_t columns, double* a, double* b) {
        train_table().moments(n, columns, x + first, centre.data(), a, b);
      },
      sum, squares);
  for (std::int64_t c = 0; c < channels; ++c) {
    const double shifted = sum[static_cast<std::size_t>(c)] / static_cast<double>(rows);
    const double square = squares[static_cast<std::size_t>(c)] / static_cast<double>(rows);
    mean[c] = static_cast<float>(x[c] + shifted);
    var[c] = static_cast<float>(std::max(0.0, square - shifted * shifted));
  }
}

void fold_batch_norm(std::int64_t channels, const float* gamma, const float* beta, const float* mean,
                     const float* var, float eps, float* scale, float* shift, float* inv_std) {
  for (std::int64_t c = 0; c < channels; ++c) {
    const float deviation = std::sqrt(var[c] + eps);
    scale[c] = (gamma ? gamma[c] : 1.0F) / deviation;
    shift[c] = (beta ? beta[c] : 0.0F) - mean[c] * scale[c];
    if (inv_std) inv_std[c] = 1.0F / deviation;
  }
}

void affine_forward(std::int64_t rows, std::int64_t channels, const float* x, const float* scale,
                    const float* shift, float* y) {
  if (rows < 1 || channels < 1) return;
  const std::int64_t columns = Folding(rows, channels).columns;
  const std::vector<float> a = repeated(scale, channels, columns), b = repeated(shift, channels, columns);
  each_rows(rows, channels, [&](std::int64_t n, std::int64_t first, std::int64_t width) {
    kernel_table().affine(n, width, x + first, a.data(), b.data(), y + first);
  });
}

void batch_norm_backward_sums(std::int64_t rows, std::int64_t channels, const float* x, const float* grad_y,
                              float* sum_grad, float* sum_grad_x) {
  if (channels < 1) return;
  std::vector<double> sum, sum_x;
  sum_rows(
      rows, channels,
      [&](std::int64_t n, std::int64_t first, std::int64_t columns, double* a, double* b) {
        train_table().products(n, columns, x + first, grad_y + first, a, b);
      },
      sum, sum_x);
  std::copy(sum.begin(), sum.end(), sum_grad);
  std::copy(sum_x.begin(), sum_x.end(), sum_grad_x);
}

void batch_norm_backward_input(std::int64_t rows, std::int64_t channels, const float* x, const float* grad_y,
                               const float* mean, const float* inv_std, const float* gamma,
                               const float* sum_grad, const float* sum_grad_x, float* grad_x) {
  if (rows < 1 || channels < 1) return;
  std::vector<float> a(static_cast<std::size_t>(channels)), b(a.size()), d(a.size());
  for (std::size_t c = 0; c < a.size(); ++c) {  // grad_x = a grad_y + b x + d
    const double m = mean[c], i = inv_std[c], factor = (gamma ? gamma[c] : 1.0F) * i,
                 n = static_cast<double>(rows);
    const double k = (sum_grad_x[c] - m * sum_grad[c]) * i * i / n;
    a[c] = static_cast<float>(factor), b[c] = static_cast<float>(-factor * k);
    d[c] = static_cast<float>(factor * (m * k - sum_grad[c] / n));
  }
  const std::int64_t columns = Folding(rows, channels).columns;
  a = repeated(a.data(), channels, columns), b = repeated(b.data(), channels, columns);
  d = repeated(d.data(), channels, columns);
  each_rows(rows, channels, [&](std::int64_t n, std::int64_t first, std::int64_t width) {
    train_table().affine2(n, width, grad_y + first, x + first, a.data(), b.data(), d.data(), grad_x + first);
  });
}

}  // namespace tern::kernels
