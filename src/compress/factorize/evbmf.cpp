#include "compress/factorize/evbmf.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compress/factorize/factorization.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int scan_points = 100, golden_rounds = 60;

/// Free energy, up to constants, as a function of the noise variance: equation 27 of the paper.
class FreeEnergy {
 public:
  FreeEnergy(const std::vector<double>& squares, double small, double large)
      : squares_(squares), large_(large), alpha_(small / large), tau_(2.5129 * std::sqrt(alpha_)),
        bound_((1 + tau_) * (1 + alpha_ / tau_)) {}

  double bound() const { return bound_; }

  double operator()(double variance) const {
    double sum = 0;
    for (const double square : squares_) {
      const double x = square / (large_ * variance);
      if (x <= bound_) {
        sum += x - std::log(x);
        continue;
      }
      const double t = tau_of(x);
      sum += x - t + std::log((t + 1) / x) + alpha_ * std::log(t / alpha_ + 1);
    }
    return sum;
  }

 private:
  double tau_of(double x) const {
    const double b = x - (1 + alpha_);
    return 0.5 * (b + std::sqrt(std::max(0.0, b * b - 4 * alpha_)));
  }
  const std::vector<double>& squares_;
  double large_, alpha_, tau_, bound_;
};

/// Minimum of f over [low, high] of log(variance).
double minimum(const FreeEnergy& energy, double low, double high) {
  double best = low;
  const double step = (high - low) / scan_points;
  for (int i = 1; i <= scan_points; ++i)
    if (energy(std::exp(low + i * step)) < energy(std::exp(best))) best = low + i * step;
  double a = std::max(low, best - step), b = std::min(high, best + step);
  const double ratio = 0.5 * (std::sqrt(5.0) - 1);
  for (int i = 0; i < golden_rounds; ++i) {
    const double c = b - ratio * (b - a), d = a + ratio * (b - a);
    (energy(std::exp(c)) < energy(std::exp(d)) ? b : a) = energy(std::exp(c)) < energy(std::exp(d)) ? d : c;
  }
  return std::exp(0.5 * (a + b));
}

}  // namespace

std::int64_t evbmf_rank(const at::Tensor& matrix) {
  const double small = static_cast<double>(std::min(matrix.size(0), matrix.size(1)));
  const double large = static_cast<double>(std::max(matrix.size(0), matrix.size(1)));
  const at::Tensor spectrum = squared_spectrum(matrix).contiguous();
  const double* data = spectrum.data_ptr<double>();
  std::vector<double> squares;
  double total = 0;
  for (std::int64_t i = 0; i < spectrum.numel(); ++i) total += data[i];
  if (total <= 0) return 0;
  for (std::int64_t i = 0; i < spectrum.numel(); ++i) squares.push_back(std::max(data[i], 1e-14 * total));

  const FreeEnergy energy(squares, small, large);
  // The noise explains at most everything; at least what is left behind the largest rank that the theory allows.
  const auto most = static_cast<std::size_t>(std::max(0.0, std::ceil(small / (1 + small / large)) - 1));
  double rest = 0;
  for (std::size_t i = std::min(most, squares.size() - 1); i < squares.size(); ++i) rest += squares[i];
  const double count = static_cast<double>(squares.size() - std::min(most, squares.size() - 1));
  const double low = std::max(squares[std::min(most, squares.size() - 1)] / (large * energy.bound()), rest / (count * large));
  const double high = total / (small * large);
  const double variance = low < high ? minimum(energy, std::log(low), std::log(high)) : high;
  return std::count_if(squares.begin(), squares.end(),
                       [&](double square) { return square > large * variance * energy.bound(); });
}

}  // namespace tern::compress
