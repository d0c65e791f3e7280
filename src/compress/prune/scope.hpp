// The registry of scopes: how a sparsity over all weights is shared among the layers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/registry.hpp"

namespace tern::compress {

/// Extents of one weight, such as {oc, ic, kh, kw}.
using Extents = std::vector<std::int64_t>;

/// `densities`: fraction of weights kept in each layer, in [0, 1], so that a fraction `sparsity` of all
/// weights is zero. Null: the scores of all layers together decide.
struct ScopeRow {
  MethodInfo info;
  std::vector<double> (*densities)(const std::vector<Extents>& layers, double sparsity);
};

/// global: scores of all layers are compared with one another.
/// local: the same sparsity in every layer.
/// uniform: the same sparsity in every layer but the first, which stays dense; the others are sparser
///   instead, so that the whole is as sparse as asked. Errors: ErrorKind::usage where that leaves nothing
///   for them, with the largest sparsity that does not.
/// erk (Erdos-Renyi-Kernel): density_l = epsilon * (sum of extents) / (product of extents); layers above 1
///   become dense and epsilon is solved again for the rest. Evci et al. 2020, Rigging the Lottery
///   (linear layers: Mocanu et al. 2018).
const std::vector<ScopeRow>& scope_table();
/// Errors: ErrorKind::usage with the nearest known name.
const ScopeRow& find_scope(std::string_view name);

/// Zeros in each layer by row.densities, rounded so that all together are llround(sparsity * weights).
/// REQUIRES: row.densities is not null. 0 <= sparsity < 1.
std::vector<std::int64_t> zeros_by_layer(const ScopeRow& row, const std::vector<Extents>& layers,
                                         double sparsity);

}  // namespace tern::compress
