// The rank of a matrix under noise.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// Rank that empirical variational Bayesian matrix factorization finds in `matrix` [m, n], by its analytic global
/// solution; the noise variance is estimated by minimising the free energy over its bounds (golden section on a log
/// scale after a scan). At least 0.
/// With L = min(m, n), M = max(m, n), alpha = L / M, tau = 2.5129 sqrt(alpha): a singular value g counts where
///   g >= sqrt(M sigma^2 (1 + tau) (1 + alpha / tau)).
/// Source: Nakajima et al. 2013, Global Analytic Solution of Fully-observed Variational Bayesian Matrix Factorization,
/// theorem 2 and corollary 1 (approximate threshold).
std::int64_t evbmf_rank(const at::Tensor& matrix);

}  // namespace tern::compress
