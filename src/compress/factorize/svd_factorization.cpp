// svd: out x in becomes out x r times r x in (Eckart and Young 1936: the nearest matrix of rank r).
#include "compress/factorize/factorization.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

at::Tensor matrix_of(const at::Tensor& kernel) { return kernel.detach().reshape({kernel.size(0), -1}); }

bool suits(const net::OpContext& context, const at::Tensor& kernel) {
  if (context.node.op == "linear") return true;
  return context.integer("groups") == 1 && kernel.size(2) == 1 && kernel.size(3) == 1;
}

std::vector<at::Tensor> unfoldings(const at::Tensor& kernel) { return {matrix_of(kernel)}; }
std::vector<at::Tensor> spectra(const at::Tensor& kernel) { return {squared_spectrum(matrix_of(kernel))}; }

std::vector<FactorLayer> shapes(const net::OpContext& context, const at::Tensor& kernel,
                                const std::vector<std::int64_t>& ranks) {
  if (context.node.op == "linear") return {{"in", {{"out_features", ranks[0]}}}, {"", {{"out_features", kernel.size(0)}}}};
  auto first = context.node.attributes;  // stride and padding act at once, on the cheaper side
  first["out_channels"] = ranks[0];
  first["bias"] = false;
  return {{"in", first}, {"", {{"out_channels", kernel.size(0)}, {"kernel", std::int64_t{1}}}}};
}

std::vector<FactorLayer> factors(const net::OpContext& context, const at::Tensor& kernel,
                                 const std::vector<std::int64_t>& ranks) {
  const std::int64_t r = ranks[0];
  const auto [u, s, vh] = at::linalg_svd(matrix_of(kernel).to(at::kDouble), false);
  const at::Tensor root = s.slice(0, 0, r).sqrt();
  auto chain = shapes(context, kernel, ranks);
  chain[0].weight = root.unsqueeze(1) * vh.slice(0, 0, r);
  chain[1].weight = u.slice(1, 0, r) * root;
  if (context.node.op == "conv2d")
    for (auto& link : chain) link.weight = link.weight.unsqueeze(2).unsqueeze(3);
  return chain;
}

}  // namespace

FactorizationRow svd_factorization() {
  return {.info = {"svd", "linear and 1x1 kernels: two of rank r", "Eckart and Young 1936; Denton et al. 2014", {}},
          .suits = suits,
          .spectra = spectra,
          .shapes = shapes,
          .factors = factors,
          .unfoldings = unfoldings};
}

}  // namespace tern::compress
