#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_pool2d(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  if (src.size() != 3) context.refuse("expected input [c, h, w], got {}", to_string(src));
  const auto [kh, kw] = context.pair("kernel");
  const auto [sh, sw] = context.pair("stride");
  if (kh > src[1] || kw > src[2]) context.refuse("window {}x{} is larger than the input {}", kh, kw, to_string(src));
  return {context.src[0].has_time, {src[0], (src[1] - kh) / sh + 1, (src[2] - kw) / sw + 1}};
}

TensorType infer_global_avg_pool(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  if (src.size() != 3) context.refuse("expected input [c, h, w], got {}", to_string(src));
  return {context.src[0].has_time, {src[0]}};
}

std::vector<ParameterInfo> pool_parameters() {
  return {{"kernel", "int list", "2", "> 0", "window: vertical, horizontal"},
          {"stride", "int list", "2", "> 0", "vertical, horizontal; an incomplete last window is dropped"}};
}

}  // namespace

const OpSpec max_pool2d{
    .info = {"max_pool2d", "largest value of each window; on spikes: any spike", "", pool_parameters()},
    .infer = infer_pool2d,
};

const OpSpec avg_pool2d{
    .info = {"avg_pool2d", "mean of each window", "", pool_parameters()},
    .infer = infer_pool2d,
};

const OpSpec global_avg_pool{
    .info = {"global_avg_pool", "mean of each channel over all places: [c, h, w] becomes [c]",
             "Lin et al. 2014, Network in Network", {}},
    .infer = infer_global_avg_pool,
};

}  // namespace tern::net::ops
