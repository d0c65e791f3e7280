#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

std::int64_t features_a_head(const OpContext& context) {
  const TensorType& src = context.src[0];
  const std::int64_t heads = context.integer("heads");
  if (src.has_time || src.shape.size() != 1 || src.shape[0] % heads != 0)
    context.refuse("expected rows of {} heads with equally many features, got {}", heads, to_string(src));
  return src.shape[0] / heads;
}

TensorType infer_attention(const OpContext& context) {
  const std::int64_t features = features_a_head(context);
  return {context.src[0].has_time, {context.flag("mean_heads") ? features : context.src[0].shape[0]}};
}

std::vector<ParameterSpec> attention_parameters(const OpContext& context) {
  const Shape scores{context.integer("heads"), features_a_head(context)};
  std::vector<ParameterSpec> parameters{{"source", scores, ParameterRole::norm}, {"target", scores, ParameterRole::norm}};
  if (context.flag("bias")) parameters.push_back({"bias", infer_attention(context).shape, ParameterRole::bias});
  return parameters;
}

Work attention_work(const OpContext& context, const TensorType&) {
  return {.macs = (context.src[1].shape[0] + 2) * context.src[0].shape[0]};
}

}  // namespace

const OpSpec graph_attention{
    .info = {"graph_attention",
             "dst_u = sum over v in N(u) and u of a_uv x_v, a = softmax over v of leaky_relu(target . x_u + source . x_v), "
             "for each head",
             "Velickovic et al. 2018, GAT",
             {{"heads", "int", "1", "1..64", "the features are split into so many"},
              {"negative_slope", "float", "0.2", "0..1", "of the leaky relu"},
              {"dropout", "float", "0", "0..0.99", "probability of dropping a coefficient in training"},
              {"mean_heads", "bool", "false", "", "heads are averaged, not concatenated"},
              {"bias", "bool", "false", "", "adds one value a feature"}}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::graph},
    .infer = infer_attention,
    .parameters = attention_parameters,
    .work = attention_work,
};

}  // namespace tern::net::ops
