// The registry of factorizations: one kernel as a chain of cheaper ones.
//
// This folder replaces conv2d and linear nodes by chains without a nonlinearity between: the methods (one a file), how
// their ranks are chosen (factorize), and the ranks that a noisy matrix really has (evbmf).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"
#include "net/net.hpp"

namespace tern::compress {

/// One link of a chain: a linear or conv2d node without bias.
struct FactorLayer {
  std::string suffix;  ///< of the node's name: "conv1_in", ...; empty: the last link, which keeps the name
  std::map<std::string, net::Attribute> attributes;
  at::Tensor weight{};  ///< undefined in shapes()
};

/// One factorization. A kernel is [oc, ic, kh, kw] of a conv2d with one group, or [out, in] of a linear node.
struct FactorizationRow {
  MethodInfo info;
  /// Whether the method is for this kernel.
  bool (*suits)(const net::OpContext& context, const at::Tensor& kernel) = nullptr;
  /// Squared singular values, largest first, of each matrix whose rank is chosen (double). A rank r discards at most the
  /// sum of those behind the r-th.
  std::vector<at::Tensor> (*spectra)(const at::Tensor& kernel) = nullptr;
  /// The links of the chain with these ranks, one for each spectrum, without weights. Together they have the node's
  /// stride, padding and dilation.
  std::vector<FactorLayer> (*shapes)(const net::OpContext& context, const at::Tensor& kernel,
                                     const std::vector<std::int64_t>& ranks) = nullptr;
  /// The same with weights.
  std::vector<FactorLayer> (*factors)(const net::OpContext& context, const at::Tensor& kernel,
                                      const std::vector<std::int64_t>& ranks) = nullptr;
  /// The matrices behind the spectra, for rank estimation.
  std::vector<at::Tensor> (*unfoldings)(const at::Tensor& kernel) = nullptr;
  /// The ranks of these that the chain can use, where they bound each other. Null: all.
  std::vector<std::int64_t> (*usable)(const at::Tensor& kernel, const std::vector<std::int64_t>& ranks) = nullptr;
};

const std::vector<FactorizationRow>& factorization_table();
/// Errors: ErrorKind::usage with the nearest known name, place "plan".
const FactorizationRow& find_factorization(std::string_view name);

FactorizationRow svd_factorization();          // svd_factorization.cpp
FactorizationRow spatial_svd_factorization();  // spatial_svd.cpp
FactorizationRow tucker2_factorization();      // tucker2.cpp
FactorizationRow cp_factorization();           // cp.cpp
FactorizationRow tensor_train_factorization(); // tensor_train.cpp

/// Squared singular values of a matrix, largest first, in double.
at::Tensor squared_spectrum(const at::Tensor& matrix);

}  // namespace tern::compress
