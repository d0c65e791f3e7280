// Links that several chains are made of.
#pragma once

#include <cstdint>
#include <string>

#include "compress/factorize/factorization.hpp"

namespace tern::compress {

/// Whether this is a conv2d with one group whose kernel extends both ways.
bool is_spatial_kernel(const net::OpContext& context, const at::Tensor& kernel);

/// 1x1 convolution to `channels`.
FactorLayer point_link(std::string suffix, std::int64_t channels);
/// kh x 1 convolution with the vertical stride, padding and dilation of `context`.
FactorLayer vertical_link(const net::OpContext& context, const at::Tensor& kernel, std::string suffix,
                          std::int64_t channels, std::int64_t groups = 1);
/// The same for 1 x kw.
FactorLayer horizontal_link(const net::OpContext& context, const at::Tensor& kernel, std::string suffix,
                            std::int64_t channels, std::int64_t groups = 1);

}  // namespace tern::compress
