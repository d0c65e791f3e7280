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
  macs,    ///< keep at most this fraction of the Net's MACs: least discarded energy per MAC saved first
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
/// With RankRule::macs all spectra of a layer are shortened together, in sixteenths of the full rank.
/// Errors: ErrorKind::usage, place "plan", where the MACs cannot be reached, nothing suits the method, or a weight has a
/// quantizer or gate.
Factorized factorize(const learn::Model& model, const Factorization& options);

}  // namespace tern::compress
