// The reference that layer-wise training is compared with: the same network, all layers at once.
#pragma once

#include <chrono>
#include <vector>

#include "base/seed.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/adam.hpp"
#include "train/layerwise/dense_product.hpp"
#include "train/layerwise/layer_classifier.hpp"
#include "train/layerwise/node_data.hpp"

namespace tern::train {

struct JointOptions {
  int layers = 2, epochs = 160;
  std::int64_t hidden = 16;
  /// Labelled rows whose loss a step descends, 0: all. The forward pass is that of all nodes.
  std::int64_t batch_rows = 0;
  double learning_rate = 0.005;
  std::uint64_t seed = 1;
};

struct JointResult {
  std::vector<at::Tensor> weights;  ///< as LayerwiseResult::weights
  std::vector<double> losses;       ///< of each epoch
  double seconds = 0;
};

/// x w' with gradients, by the product that layer-wise training uses: neither is compared with the other's
/// BLAS.
struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, const at::Tensor& w) {
    ctx->save_for_backward({x, w});
    return dense_product(x, w.t());
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    return {ctx->needs_input_grad(0) ? dense_product(grads[0], saved[1]) : at::Tensor(),
            dense_product(grads[0].t(), saved[0])};
  }
};

/// relu(P X W_l) layer after layer, then Theta, by autograd, on the nodes that `view` shows. A first layer of
/// sparse features multiplies before it propagates; of dense ones it propagates once, before training.
inline JointResult train_joint(const TrainingView& view, const JointOptions& o) {
  const auto begin = std::chrono::steady_clock::now();
  learn::GraphValue graph;
  graph.sparse = std::make_shared<learn::GraphStructure>(view.graph);
  const auto propagated = [&](const at::Tensor& x) {
    return learn::propagate(graph, graph::Normalisation::lgcn, 1, x);
  };
  learn::SparseRows sparse;
  at::Tensor dense;
  if (view.input.is_sparse())
    sparse = learn::sparse_rows(view.input.sparse());
  else
    dense = propagated(view.input.dense().values());
  JointResult out;
  for (int l = 0; l < o.layers; ++l)
    out.weights.push_back(glorot(o.hidden, l == 0 ? view.input.columns() : o.hidden,
                                 derive_seed(o.seed, static_cast<std::uint64_t>(l)))
                              .set_requires_grad(true));
  out.weights.push_back(
      glorot(view.num_classes, o.hidden, derive_seed(o.seed, "theta")).set_requires_grad(true));
  std::vector<Adam> moments(out.weights.size());
  const std::int64_t samples = view.rows.numel(),
                     batch = o.batch_rows == 0 ? samples : std::min(o.batch_rows, samples);
  for (int epoch = 0; epoch < o.epochs; ++epoch) {
    Rng rng(derive_seed(derive_seed(o.seed, "shuffle"), static_cast<std::uint64_t>(epoch)));
    const at::Tensor order = at::tensor(permutation(samples, rng), at::kLong);
    double sum = 0;
    for (std::int64_t b = 0; b < samples / batch; ++b) {
      const at::Tensor chosen = order.slice(0, b * batch, (b + 1) * batch);
      at::Tensor x = view.input.is_sparse() ? propagated(learn::sparse_linear(sparse, out.weights[0]))
                                            : LinearFunction::apply(dense, out.weights[0]);
      for (int l = 1; l < o.layers; ++l)
        x = LinearFunction::apply(propagated(x.relu()), out.weights[static_cast<std::size_t>(l)]);
      const at::Tensor nodes = view.rows.index_select(0, chosen);
      const at::Tensor scores = LinearFunction::apply(x.relu().index_select(0, nodes), out.weights.back());
      const at::Tensor targets = view.targets.index_select(0, chosen);
      const at::Tensor loss = targets.scalar_type() == at::kLong
                                  ? at::cross_entropy_loss(scores, targets)
                                  : at::binary_cross_entropy_with_logits(scores, targets);
      const auto gradients = torch::autograd::grad({loss}, out.weights);
      sum += loss.item<double>();
      const c10::NoGradGuard no_grad;
      for (std::size_t i = 0; i < gradients.size(); ++i)
        moments[i].step(out.weights[i], gradients[i], o.learning_rate);
    }
    out.losses.push_back(sum / static_cast<double>(samples / batch));
  }
  for (at::Tensor& weight : out.weights) weight = weight.detach();
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out;
}

}  // namespace tern::train
