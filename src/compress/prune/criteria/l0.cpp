// L0 gates: the location log(alpha) of the weight's hard concrete gate, which training has moved under an L0
// penalty. Louizos, Welling and Kingma 2018, Learning Sparse Neural Networks through L0 Regularization. The
// gate keeps it as its tensor "log_alpha", in the weight's shape or one that broadcasts to it.
#include "base/error.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

Scores score(const CriterionInput& input) {
  Scores scores;
  for (const auto& name : input.names) {
    const learn::Parameter& parameter = input.model.parameters().at(name);
    const auto tensors = parameter.gate ? parameter.gate->tensors() : std::map<std::string, at::Tensor>{};
    const auto found = tensors.find("log_alpha");
    if (found == tensors.end())
      fail(ErrorKind::usage, name,
           "criterion l0 ranks trained hard concrete gates, and this weight has none: train "
           "with gates first, or use criterion magnitude");
    scores[name] = found->second.detach().expand(parameter.latent.sizes()).contiguous();
  }
  return scores;
}

}  // namespace

CriterionRow criteria::l0() {
  return {{"l0",
           "log(alpha) of the weight's hard concrete gate",
           "Louizos et al. 2018, Learning Sparse Neural Networks through L0 Regularization",
           {}},
          false,
          score};
}

}  // namespace tern::compress
