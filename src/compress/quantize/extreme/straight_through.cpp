#include "compress/quantize/extreme/straight_through.hpp"

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

struct StraightThrough : torch::autograd::Function<StraightThrough> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& /*weight*/, const at::Tensor& value,
                            const at::Tensor& factor) {
    ctx->save_for_backward({factor});
    return value.clone();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    return {grads[0] * ctx->get_saved_variables()[0], at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor straight_through(const at::Tensor& weight, const at::Tensor& value, const at::Tensor& factor) {
  return StraightThrough::apply(weight, value.detach(), factor.defined() ? factor.detach() : at::ones({}));
}

at::Tensor clipped_sign(const at::Tensor& weight) {
  const at::Tensor w = weight.detach();
  return straight_through(weight, w.ge(0).to(at::kFloat).mul_(2).sub_(1), w.abs().le(1).to(at::kFloat));
}

at::Tensor mean_magnitude(const at::Tensor& rows) {
  return rows.abs().sum(1, true) / rows.detach().ne(0).sum(1, true).clamp_min(1);
}

}  // namespace tern::compress
