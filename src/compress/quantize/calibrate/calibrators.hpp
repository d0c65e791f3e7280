// The calibrators, each defined in the file of its name.
#pragma once

#include "compress/quantize/calibrate/histogram.hpp"
#include "compress/quantize/calibrator.hpp"

namespace tern::compress {

/// Smallest and largest value seen.
std::unique_ptr<Calibrator> make_minmax();
MethodInfo minmax_info();

/// Exponential moving averages of each batch's smallest and largest value: m <- 0.9 m + 0.1 batch, starting at the first
/// batch. Source: Jacob et al. 2018, section 3.1.
std::unique_ptr<Calibrator> make_ema();
MethodInfo ema_info();

/// The 99.999% quantile of magnitudes, interpolated in a histogram. Source: McKinstry et al. 2018; the share is MQBench's.
std::unique_ptr<Calibrator> make_percentile();
MethodInfo percentile_info();

/// The clip with the smallest squared error of rounding and clipping, over a histogram: see clip_of_least_error().
std::unique_ptr<Calibrator> make_mse();
MethodInfo mse_info();

/// The clip whose quantized histogram is nearest in Kullback-Leibler divergence: see clip_of_least_divergence().
std::unique_ptr<Calibrator> make_kl();
MethodInfo kl_info();

/// Levels above zero: 2^b - 1 unsigned, 2^(b-1) - 1 signed, at least 1.
std::int64_t positive_levels(int bits, bool is_signed);

/// argmin over t of sum over bins of count * E|x - q(x)|^2, x spread evenly over its bin, q(x) = s * min(round(x / s), n),
/// s = t / n with n = levels. t: 256 shrinking ranges, then 15 finer ones on each side of the best.
double clip_of_least_error(const MagnitudeCounts& counts, std::int64_t levels);

/// For each cut i = levels .. bins: P = bins below the cut, the mass beyond added to the last; Q = the same bins without
/// that mass, merged into `levels` runs and spread again evenly over each run's non-zero bins; t = the upper edge of the
/// cut with the smallest sum of p log(p / q) over p > 0, both normalised, q at least 1e-9. Exact zeros take no part: they
/// are represented exactly, and after a relu they would outweigh everything else. Ties: the wider cut.
/// O(bins^2). Source: Migacz 2017, 8-bit Inference with TensorRT.
double clip_of_least_divergence(const MagnitudeCounts& counts, std::int64_t levels);

}  // namespace tern::compress
