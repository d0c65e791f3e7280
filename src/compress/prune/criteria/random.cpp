// Uniform random scores: what every other criterion has to beat. A function of the seed and the weight's
// name.
#include "base/seed.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

Scores score(const CriterionInput& input) {
  Scores scores;
  for (const auto& name : input.names) {
    at::Tensor values = at::empty(input.model.parameters().at(name).latent.sizes(), at::kFloat);
    Rng rng(derive_seed(input.seed, "criterion/" + name));
    auto* data = values.data_ptr<float>();
    for (std::int64_t i = 0; i < values.numel(); ++i) data[i] = static_cast<float>(rng.uniform());
    scores[name] = values;
  }
  return scores;
}

}  // namespace

CriterionRow criteria::random() {
  return {{"random",
           "uniform random numbers, the baseline of every criterion",
           "Gale et al. 2019, The State of Sparsity in Deep Neural Networks",
           {}},
          false,
          score};
}

}  // namespace tern::compress
