// GraSP: w * (H g), with the Hessian H and the gradient g of the mean loss over the samples. -w (H g) is what
// removing the weight does to g.g, the speed at which training descends; weights with the largest -w (H g)
// hinder it and go first. Wang, Zhang and Grosse 2020, Picking Winning Tickets Before Training by Preserving
// Gradient Flow. Where we differ: no temperature on the scores of the network.
#include "compress/gradients.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "compress/prune/criteria/hessian_vector.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

Scores score(const CriterionInput& input) {
  const Tensors gradients = weight_gradients(input.model, input.names, input.samples(), input.loss);
  Scores scores = hessian_vector(input.model, input.names, input.samples(), input.loss, gradients);
  for (auto& [name, product] : scores) product = product * input.model.parameters().at(name).latent.detach();
  return scores;
}

}  // namespace

CriterionRow criteria::grasp() {
  return {{"grasp",
           "weight * (Hessian x gradient): keeps the gradient's flow",
           "Wang et al. 2020, Picking Winning Tickets Before Training by Preserving Gradient Flow",
           {}},
          true,
          score};
}

}  // namespace tern::compress
