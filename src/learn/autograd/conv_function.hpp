// Convolution that keeps its input for backward as bits where the input is spikes.
#pragma once

#include <array>
#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tern::learn {

struct ConvGeometry {
  std::array<std::int64_t, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::int64_t groups = 1;
};

/// Cross-correlation: src [n, ic, h, w] channels last, weight [oc, ic/groups, kh, kw] -> [n, oc, oh, ow] channels last.
at::Tensor conv2d_plain(const at::Tensor& src, const at::Tensor& weight, const ConvGeometry& geometry);

/// The same, differentiable. What it saves: the weight, and src as one bit an element where src holds only zeros and
/// ones (spikes: 1/32 of the memory), else src itself. No gradient for src is computed where none is needed.
at::Tensor conv2d_lean(const at::Tensor& src, const at::Tensor& weight, const ConvGeometry& geometry);

}  // namespace tern::learn
