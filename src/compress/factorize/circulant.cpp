#include "compress/factorize/circulant.hpp"

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

MethodInfo circulant_info() {
  return {"circulant",
          "blocks of weights tied along cyclic diagonals; the kernel keeps its shape",
          "Cheng et al. 2015; Ding et al. 2017, CirCNN",
          {{"block", "int", "", "2..1024", "channels of a block"}}};
}

at::Tensor nearest_block_circulant(const at::Tensor& weight, std::int64_t block) {
  const c10::NoGradGuard no_grad;
  const std::int64_t rows = weight.size(0) / block, cols = weight.size(1) / block;
  const at::Tensor place = at::arange(block, at::TensorOptions(at::kLong));
  const at::Tensor i = place.unsqueeze(1), j = place.unsqueeze(0);
  // Where the i-th weight of diagonal d lies in a block, and the diagonal of the weight at (i, j).
  const at::Tensor members = (j * block + (j - i).remainder(block)).reshape({-1});
  const at::Tensor diagonal = (i - j).remainder(block).reshape({-1});
  const at::Tensor blocks =
      weight.detach().reshape({rows, block, cols, block, -1}).permute({0, 2, 4, 1, 3}).reshape({-1, block * block});
  const at::Tensor means = blocks.index_select(1, members).reshape({-1, block, block}).mean(2);
  return means.index_select(1, diagonal)
      .reshape({rows, cols, -1, block, block})
      .permute({0, 3, 1, 4, 2})
      .reshape(weight.sizes());
}

std::vector<std::string> circulant_weights(const learn::Model& model, const std::vector<std::string>& names,
                                           std::int64_t block) {
  std::vector<std::string> suitable;
  for (const auto& name : names.empty() ? model.weight_names() : names) {
    const learn::Parameter& weight = model.parameters().at(name);
    const net::Node& node = model.net().node(name.substr(0, name.rfind('.')));
    const bool has_kernel = node.op == "linear" || (node.op == "conv2d" && model.net().context(node).integer("groups") == 1);
    if (!has_kernel || weight.latent.size(0) % block != 0 || weight.latent.size(1) % block != 0) continue;
    if (weight.mask.defined())
      fail(ErrorKind::usage, "plan", "{} is pruned: masks and circulant blocks exclude each other", name);
    suitable.push_back(name);
  }
  if (suitable.empty())
    fail(ErrorKind::usage, "plan", "factorize: no layer has input and output channels that {} divides", block);
  return suitable;
}

}  // namespace tern::compress
