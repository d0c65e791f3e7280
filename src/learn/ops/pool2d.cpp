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

}  // namespace tern::learn::ops
