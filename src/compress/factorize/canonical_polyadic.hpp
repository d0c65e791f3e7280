// Canonical polyadic (CP) decomposition of a convolution's kernel.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// kernel[o, i, y, x] ~ sum over r of out[o, r] in[i, r] rows[y, r] cols[x, r], in double.
struct PolyadicTerms {
  at::Tensor out, in, rows, cols;  ///< [oc, rank], [ic, rank], [kh, rank], [kw, rank]; columns have equal norms
};

/// Squared weights, largest first, of an orthogonal CP decomposition: singular values of the oc x ic slices of the kernel
/// in the spatial bases of its HOSVD. There are kh * kw * min(oc, ic); keeping the first r discards exactly the sum of
/// the others.
at::Tensor polyadic_spectrum(const at::Tensor& kernel);

/// `rank` terms fitted by alternating least squares from the orthogonal decomposition's largest terms: the squared error
/// is never above what that one discards.
/// Each solve has the proximal term mu |X - X_before|^2, mu = 1e-6 of the normal matrix' mean diagonal, which keeps it
/// regular and the error falling. The best approximation of a rank may not exist: terms then grow without bound and cancel
/// each other, and the chain cannot be trained. So rounds end before the terms' energies sum to more than
/// polyadic_energy_limit times the kernel's.
/// REQUIRES: 1 <= rank <= kh * kw * min(oc, ic).
/// Sources: Lebedev et al. 2015, Speeding-up CNNs Using Fine-tuned CP-Decomposition; Li, Kindermann and Navasca 2013, Some
/// Convergence Results on the Regularized Alternating Least-Squares Method; Phan et al. 2020, Stable Low-rank Tensor
/// Decomposition for Compression of CNN (why energies must stay bounded; our bound is simpler).
PolyadicTerms fit_polyadic(const at::Tensor& kernel, std::int64_t rank);

inline constexpr double polyadic_energy_limit = 4;

}  // namespace tern::compress
