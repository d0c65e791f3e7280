#include "learn/autograd/pool_function.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

PoolWindow window_of(const OpCall& call) {
  const net::OpContext context = call.context();
  const auto [kh, kw] = context.pair("kernel");
  const auto [sh, sw] = context.pair("stride");
  return {{kh, kw}, {sh, sw}};
}

}  // namespace

at::Tensor max_pool2d(OpCall& call) { return learn::max_pool2d(call.src[0], window_of(call)); }
at::Tensor avg_pool2d(OpCall& call) { return learn::avg_pool2d(call.src[0], window_of(call)); }

at::Tensor global_avg_pool(OpCall& call) {
  const at::Tensor& src = call.src[0];
  const std::array<std::int64_t, 2> all{src.size(2), src.size(3)};
  return learn::avg_pool2d(src, {all, all}).view({src.size(0), src.size(1)});
}

}  // namespace tern::learn::ops
