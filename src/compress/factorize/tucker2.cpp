// tucker2: 1x1 to r_in channels, kh x kw to r_out, 1x1 to the outputs; factors by truncated HOSVD, refined by HOOI.
#include "compress/factorize/links.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int hooi_rounds = 3;

bool suits(const net::OpContext& context, const at::Tensor& kernel) {
  return context.node.op == "conv2d" && context.integer("groups") == 1 && kernel.size(2) * kernel.size(3) > 1;
}

at::Tensor by_output(const at::Tensor& kernel) { return kernel.reshape({kernel.size(0), -1}); }
at::Tensor by_input(const at::Tensor& kernel) { return kernel.transpose(0, 1).reshape({kernel.size(1), -1}); }

std::vector<at::Tensor> unfoldings(const at::Tensor& kernel) { return {by_input(kernel.detach()), by_output(kernel.detach())}; }
std::vector<at::Tensor> spectra(const at::Tensor& kernel) {
  return {squared_spectrum(by_input(kernel)), squared_spectrum(by_output(kernel))};
}

/// The leading `rank` left singular vectors.
at::Tensor leading(const at::Tensor& matrix, std::int64_t rank) {
  return std::get<0>(at::linalg_svd(matrix, false)).slice(1, 0, rank);
}

/// Kernel with its outputs (inputs) expressed in the columns of `basis`.
at::Tensor project_outputs(const at::Tensor& kernel, const at::Tensor& basis) {
  return at::matmul(basis.t(), by_output(kernel)).reshape({-1, kernel.size(1), kernel.size(2), kernel.size(3)});
}
at::Tensor project_inputs(const at::Tensor& kernel, const at::Tensor& basis) {
  return at::matmul(basis.t(), by_input(kernel)).reshape({-1, kernel.size(0), kernel.size(2), kernel.size(3)}).transpose(0, 1);
}

std::vector<FactorLayer> shapes(const net::OpContext& context, const at::Tensor& kernel,
                                const std::vector<std::int64_t>& ranks) {
  auto middle = context.node.attributes;
  middle["out_channels"] = ranks[1];
  middle["bias"] = false;
  return {point_link("in", ranks[0]), {"core", middle}, point_link("", kernel.size(0))};
}

std::vector<FactorLayer> factors(const net::OpContext& context, const at::Tensor& kernel,
                                 const std::vector<std::int64_t>& ranks) {
  const at::Tensor full = kernel.detach().to(at::kDouble);
  at::Tensor inputs = leading(by_input(full), ranks[0]), outputs = leading(by_output(full), ranks[1]);
  for (int round = 0; round < hooi_rounds; ++round) {
    // A projection's rank may be below the one asked for; its basis then stays.
    const at::Tensor next = leading(by_output(project_inputs(full, inputs)), ranks[1]);
    if (next.size(1) == ranks[1]) outputs = next;
    const at::Tensor other = leading(by_input(project_outputs(full, outputs)), ranks[0]);
    if (other.size(1) == ranks[0]) inputs = other;
  }
  const at::Tensor core = project_inputs(project_outputs(full, outputs), inputs);
  auto chain = shapes(context, kernel, ranks);
  chain[0].weight = inputs.t().unsqueeze(2).unsqueeze(3);
  chain[1].weight = core;
  chain[2].weight = outputs.unsqueeze(2).unsqueeze(3);
  return chain;
}

}  // namespace

FactorizationRow tucker2_factorization() {
  return {.info = {"tucker2", "kh x kw kernels: 1x1, a small core, 1x1",
                   "Kim et al. 2016, Compression of Deep CNNs for Fast and Low Power Mobile Applications; De Lathauwer "
                   "et al. 2000 (HOSVD, HOOI)", {}},
          .suits = suits,
          .spectra = spectra,
          .shapes = shapes,
          .factors = factors,
          .unfoldings = unfoldings};
}

}  // namespace tern::compress
