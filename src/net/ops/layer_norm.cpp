#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_layer_norm(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  if (src.size() != 1) context.refuse("expected input [features], got {}", to_string(src));
  return context.src[0];
}

std::vector<ParameterSpec> layer_norm_parameters(const OpContext& context) {
  const Shape features = context.src[0].shape;
  return {{"weight", features, ParameterRole::norm}, {"bias", features, ParameterRole::norm}};
}

}  // namespace

const OpSpec layer_norm{
    .info = {"layer_norm", "normalises the features of each sample: gain * (x - mean) / sqrt(variance + eps) + shift",
             "Ba et al. 2016, Layer Normalization",
             {{"eps", "float", "1e-5", "> 0", "added to the variance"}}},
    .infer = infer_layer_norm,
    .parameters = layer_norm_parameters,
};

}  // namespace tern::net::ops
