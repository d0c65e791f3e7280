#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_batch_norm(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  if (src.size() != 3 && src.size() != 1)
    context.refuse("expected input [c, h, w] or [features], got {}", to_string(src));
  return context.src[0];
}

std::vector<ParameterSpec> batch_norm_parameters(const OpContext& context) {
  const Shape channels{context.src[0].shape[0]};
  return {{"weight", channels, ParameterRole::norm},
          {"bias", channels, ParameterRole::norm},
          {"running_mean", channels, ParameterRole::buffer},
          {"running_var", channels, ParameterRole::buffer}};
}

}  // namespace

const OpSpec batch_norm{
    .info = {"batch_norm", "normalises each channel over batch, time and space",
             "Ioffe and Szegedy 2015, Batch Normalization",
             {{"eps", "float", "1e-5", "> 0", "added to the variance"},
              {"momentum", "float", "0.1", "0..1", "weight of the newest batch in the running statistics"}}},
    .infer = infer_batch_norm,
    .parameters = batch_norm_parameters,
};

}  // namespace tern::net::ops
