#include "compress/quantize/extreme/codebook_lookup.hpp"

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

struct CodebookLookup : torch::autograd::Function<CodebookLookup> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& codebook, const at::Tensor& codes,
                            bool keeps_zero) {
    const at::Tensor indices = codes.flatten().to(at::kLong);
    ctx->save_for_backward({codebook, indices});
    ctx->saved_data["keeps_zero"] = keeps_zero;
    auto sizes = codes.sizes().vec();
    if (codebook.dim() == 2) sizes.push_back(codebook.size(1));
    return codebook.index_select(0, indices).reshape(sizes);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &codebook = saved[0], &indices = saved[1];
    const at::Tensor members = grads[0].reshape({indices.numel(), -1}).to(at::kDouble);
    at::Tensor sums = at::zeros({codebook.size(0), members.size(1)}, members.options());
    for (std::int64_t column = 0; column < members.size(1); ++column)
      sums.select(1, column).copy_(at::bincount(indices, members.select(1, column).contiguous(), codebook.size(0)));
    at::Tensor gradient = sums.reshape(codebook.sizes()).to(codebook.scalar_type());
    if (ctx->saved_data["keeps_zero"].toBool()) gradient.mul_(codebook.ne(0));
    return {gradient, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor codebook_lookup(const at::Tensor& codebook, const at::Tensor& codes, bool keeps_zero) {
  return CodebookLookup::apply(codebook, codes, keeps_zero);
}

}  // namespace tern::compress
