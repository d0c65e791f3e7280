#include "engine/plan/integer_layer.hpp"

#include <cstdlib>
#include <limits>
#include <tuple>

namespace tern::engine {
namespace {

/// Sums of at most 255 times the weights fit int32.
bool sums_fit(const pack::PackedTensor& tensor) {
  const auto oc = static_cast<std::size_t>(tensor.shape[0]);
  const std::size_t size = tensor.codes.size() / oc;
  for (std::size_t o = 0; o < oc; ++o) {
    std::int64_t absolute = 0;
    for (std::size_t i = o * size; i < (o + 1) * size; ++i) absolute += std::abs(tensor.codes[i]);
    if (absolute * 255 > std::numeric_limits<std::int32_t>::max() / 2) return false;
  }
  return true;
}

}  // namespace

bool has_integer_weights(const pack::PackedTensor& weights) {
  return weights.scaled_by_channel() && weights.bits <= 8 && sums_fit(weights);
}

kernels::ConvShape conv_shape(const net::OpContext& rules, const net::Shape& src, const net::Shape& dst) {
  kernels::ConvShape s;
  s.ic = src[0], s.oc = dst[0];
  if (rules.node.op == "linear") {
    if (src.size() == 3) s.kernel_h = src[1], s.kernel_w = src[2];
    return s;
  }
  s.out_h = dst[1], s.out_w = dst[2];
  std::tie(s.kernel_h, s.kernel_w) = rules.pair("kernel");
  std::tie(s.stride_h, s.stride_w) = rules.pair("stride");
  std::tie(s.pad_h, s.pad_w) = rules.pair("padding");
  std::tie(s.dilation_h, s.dilation_w) = rules.pair("dilation");
  s.groups = rules.integer("groups");
  return s;
}

std::int64_t cold_weight_bytes(const pack::PackedModel& model) {
  std::size_t bits = 0;
  for (const auto& [name, tensor] : model.tensors) bits += tensor.codes.size() * static_cast<std::size_t>(tensor.bits);
  const auto bytes = static_cast<std::int64_t>(bits / 8);
  return bytes > std::int64_t{512} << 10 ? bytes : 0;
}

}  // namespace tern::engine
