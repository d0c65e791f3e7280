#include "compress/factorize/canonical_polyadic.hpp"

#include <array>
#include <limits>
#include <utility>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int max_rounds = 100;
constexpr double proximal = 1e-6, exact = 1e-15, least_progress = 1e-4;

/// Left singular vectors of the unfolding along `dim`.
at::Tensor basis_along(const at::Tensor& kernel, std::int64_t dim) {
  return std::get<0>(at::linalg_svd(kernel.movedim(dim, 0).reshape({kernel.size(dim), -1}), false));
}

/// The kernel's slices in the bases of its rows and columns: [kh * kw, oc, ic].
at::Tensor slices(const at::Tensor& kernel, const at::Tensor& rows, const at::Tensor& cols) {
  return at::einsum("oiyx,yp,xq->pqoi", {kernel, rows, cols}).reshape({-1, kernel.size(0), kernel.size(1)});
}

/// Gives each term's four columns the same norm; returns the terms' energies.
at::Tensor balance(PolyadicTerms& terms) {
  const std::array<at::Tensor*, 4> factors{&terms.out, &terms.in, &terms.rows, &terms.cols};
  std::vector<at::Tensor> norms;
  for (const auto* factor : factors) norms.push_back(factor->square().sum(0).sqrt());
  const at::Tensor product = norms[0] * norms[1] * norms[2] * norms[3], norm = product.pow(0.25);
  for (std::size_t i = 0; i < factors.size(); ++i)
    *factors[i] = *factors[i] * (norm / norms[i].clamp_min(std::numeric_limits<double>::min()));
  return product.square();
}

PolyadicTerms largest_orthogonal_terms(const at::Tensor& kernel, std::int64_t rank) {
  const at::Tensor row_basis = basis_along(kernel, 2), col_basis = basis_along(kernel, 3);
  const auto [u, s, vh] = at::linalg_svd(slices(kernel, row_basis, col_basis), false);
  const auto [values, index] = s.reshape({-1}).topk(rank);
  const at::Tensor slice = index.floor_divide(s.size(1));
  PolyadicTerms terms{
      u.transpose(1, 2).reshape({-1, kernel.size(0)}).index_select(0, index).t() * values,
      vh.reshape({-1, kernel.size(1)}).index_select(0, index).t(),
      row_basis.index_select(1, slice.floor_divide(col_basis.size(1))),
      col_basis.index_select(1, slice.remainder(col_basis.size(1)))};
  balance(terms);
  return terms;
}

at::Tensor gram(const at::Tensor& factor) { return at::matmul(factor.t(), factor); }

/// X minimising |target - X others|^2 + mu |X - before|^2, with normal matrix others others^T and product
/// target others^T.
at::Tensor solve(const at::Tensor& normal, const at::Tensor& product, const at::Tensor& before) {
  const double mu = proximal * normal.diagonal().mean().item<double>();
  const at::Tensor regular = normal + mu * at::eye(normal.size(0), normal.options());
  return at::linalg_solve(regular, (product + mu * before).t()).t();
}

/// One round over the four factors; returns the squared error behind it. `flat` is the kernel as [oc, ic * kh * kw].
double improve(PolyadicTerms& terms, const at::Tensor& flat, double energy) {
  const std::int64_t rank = terms.out.size(1);
  const std::vector<std::int64_t> extents{rank, terms.in.size(0), terms.rows.size(0), terms.cols.size(0)};
  at::Tensor rows = gram(terms.rows), cols = gram(terms.cols);
  const at::Tensor khatri_rao = at::einsum("ir,yr,xr->iyxr", {terms.in, terms.rows, terms.cols}).reshape({-1, rank});
  terms.out = solve(gram(terms.in) * rows * cols, at::matmul(flat, khatri_rao), terms.out);
  const at::Tensor out = gram(terms.out);

  const at::Tensor by_term = at::matmul(terms.out.t(), flat).reshape(extents);
  const at::Tensor places = terms.rows.t().unsqueeze(2) * terms.cols.t().unsqueeze(1);
  terms.in = solve(out * rows * cols, (by_term * places.unsqueeze(1)).sum(at::IntArrayRef{2, 3}).t(), terms.in);
  const at::Tensor channels = out * gram(terms.in);

  const at::Tensor spatial = (by_term * terms.in.t().unsqueeze(2).unsqueeze(3)).sum(1);
  terms.rows = solve(channels * cols, (spatial * terms.cols.t().unsqueeze(1)).sum(2).t(), terms.rows);
  rows = gram(terms.rows);
  const at::Tensor product = (spatial * terms.rows.t().unsqueeze(2)).sum(1).t();
  terms.cols = solve(channels * rows, product, terms.cols);
  const at::Tensor fitted = (channels * rows * gram(terms.cols)).sum();
  return (energy - 2 * (product * terms.cols).sum() + fitted).item<double>();
}

}  // namespace

at::Tensor polyadic_spectrum(const at::Tensor& kernel) {
  const at::Tensor full = kernel.detach().to(at::kDouble);
  const at::Tensor values = at::linalg_svdvals(slices(full, basis_along(full, 2), basis_along(full, 3)));
  return std::get<0>(values.reshape({-1}).square().sort(0, true));
}

PolyadicTerms fit_polyadic(const at::Tensor& kernel, std::int64_t rank) {
  const at::Tensor full = kernel.detach().to(at::kDouble), flat = full.reshape({full.size(0), -1});
  const double energy = full.square().sum().item<double>();
  PolyadicTerms best = largest_orthogonal_terms(full, rank);
  double error = polyadic_spectrum(full).slice(0, rank).sum().item<double>();
  for (int round = 0; round < max_rounds && error > exact * energy; ++round) {
    PolyadicTerms next = best;
    const double next_error = improve(next, flat, energy);
    if (balance(next).sum().item<double>() > polyadic_energy_limit * energy || next_error >= error) break;
    const bool is_slow = error - next_error < least_progress * error;
    best = std::move(next);
    error = next_error;
    if (is_slow) break;
  }
  return best;
}

}  // namespace tern::compress
