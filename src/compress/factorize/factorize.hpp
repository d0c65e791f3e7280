// Factorizing the layers of a Model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/factorize/factorization.hpp"
#include "learn/model.hpp"

namespace tern::compress {

enum class RankRule {
  energy,  ///< smallest rank that keeps this share of each spectrum's squared singular values
  macs,    ///< keep at most this fraction of the Net's MACs: see below
  evbmf,   ///< what evbmf_rank finds in each unfolding
  fixed    ///< this rank, or the full one where that is smaller
};

struct Factorization {
  std::string method = "svd";  ///< a row of factorization_table()
  RankRule rule = RankRule::macs;
  double target = 0.5;  ///< (0, 1] for energy and macs; the rank, at least 1, for fixed
  /// Weights ("conv1.weight") that may be factorized. Empty: all that suit the method.
  std::vector<std::string> weights{};
};

struct Factorized {
  learn::Model model;
  std::vector<std::string> notes;
};

/// Replaces every layer that suits the method by its chain at the chosen ranks. The last link keeps the node's name and
/// its bias; the others are called "conv1_in" and the like. A layer whose chain would need no fewer MACs stays as it is,
/// with a note. Masks are worked into the factors, which have none.
///
/// RankRule::macs looks for the largest product, over all spectra of all layers, of the share of energy kept: a proxy for
/// accuracy. All spectra of a layer are shortened together, in sixteenths of the full rank. The moves on the lower convex
/// hull of (MACs saved, -log of the product) are taken by price until the target is met, so no other choice of
/// sixteenths saves as much for less. The sum of the energies discarded, in place of the product, would be linear in the
/// rank where spectra are flat (untrained kernels), and bring some layers to rank 1 while others stay whole; the
/// logarithm grows without bound there, so that layers shrink together.
/// Source: Kim, Khan and Kyung 2019, Efficient Neural Network Compression (the product of energies as the measure; we
/// search on the hull instead of binning).
/// Errors: ErrorKind::usage, place "plan", where the MACs cannot be reached, nothing suits the method, or a weight has a
/// quantizer or gate.
Factorized factorize(const learn::Model& model, const Factorization& options);

}  // namespace tern::compress
