#include "compress/prune/criteria/gauss_newton.hpp"

#include "base/seed.hpp"
#include "compress/gradients.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// [n, c, c]: R with R R^T = the Hessian of the loss in the scores of each sample.
at::Tensor curvature_root(learn::Loss loss, const at::Tensor& scores, const at::Tensor& targets) {
  const at::Tensor z = scores.detach().clone().set_requires_grad(true);
  const at::Tensor slope = torch::autograd::grad({loss(z, targets)}, {z}, {}, true, true)[0];
  std::vector<at::Tensor> rows;
  for (std::int64_t k = 0; k < z.size(1); ++k) {
    const at::Tensor row = torch::autograd::grad({slope.select(1, k).sum()}, {z}, {}, true, false, true)[0];
    rows.push_back(row.defined() ? row : at::zeros_like(z).detach());
  }
  const auto [values, vectors] = at::linalg_eigh(at::stack(rows, 1).detach());
  return vectors * values.clamp_min(0).sqrt().unsqueeze(1);
}

}  // namespace

Tensors gauss_newton_diagonal(learn::Model& model, const std::vector<std::string>& names,
                              const Samples& samples, learn::Loss loss, int probes, std::uint64_t seed) {
  Tensors diagonal;
  for (const auto& name : names) diagonal[name] = at::zeros_like(model.parameters().at(name).latent).detach();
  at::Generator generator = learn::make_generator(derive_seed(seed, "gauss-newton"));
  learn::ForwardOptions options;
  options.training = options.frozen_norms = true;
  for (const auto& batch : samples) {
    const EffectiveLeaves leaves(model, names);
    const at::Tensor scores = run(model, batch, options);
    const at::Tensor root = curvature_root(loss, scores, batch.targets);
    for (int p = 0; p < probes; ++p) {
      const at::Tensor signs =
          at::empty({scores.size(0), scores.size(1), 1}).bernoulli_(0.5, generator) * 2 - 1;
      const at::Tensor direction = at::bmm(root, signs).squeeze(2);
      const auto gradients =
          torch::autograd::grad({(scores * direction).sum()}, leaves.leaves(), {}, true, false, true);
      for (std::size_t i = 0; i < names.size(); ++i)
        if (gradients[i].defined()) diagonal[names[i]].add_(gradients[i].square());
    }
  }
  for (auto& [name, sum] : diagonal) sum.div_(static_cast<double>(samples.size()) * probes);
  return diagonal;
}

}  // namespace tern::compress
