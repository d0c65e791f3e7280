// A kernel's weights as 8-bit codes a channel, its batch norm folded in. Private to formats/onnx.
#pragma once

#include <cstdint>
#include <vector>

#include "pack/model_file.hpp"

namespace tern::onnx {

/// `weight` [oc, ...]: value = code * scales[oc], codes in -128..127. bias[oc]: value = bias * source_scale *
/// scales[oc].
struct QdqKernel {
  net::Shape shape;
  std::vector<std::int64_t> codes;
  std::vector<float> scales;
  std::vector<std::int64_t> bias;  ///< empty: none
};

/// `norm`: the batch norm behind the kernel, or null. Each channel's bias fits 32 bits and each scale is at
/// least 1e-12: where one would not, the channel's weights are rounded again to a larger scale.
QdqKernel qdq_kernel(const pack::PackedModel& model, const net::Node& kernel, const net::Node* norm,
                     float source_scale);

}  // namespace tern::onnx
