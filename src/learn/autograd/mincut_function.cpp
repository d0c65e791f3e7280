#include "learn/autograd/mincut_function.hpp"

#include <cmath>

#include "learn/autograd/segment_product.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double small = 1e-7;  // keeps denominators and the insides of roots off zero

/// Everything that both losses are made of; a value a graph, matrices [graphs, K, K].
struct Terms {
  at::Tensor kept, total;       ///< n and t
  at::Tensor gram, norm;        ///< M and m
  at::Tensor excess, distance;  ///< E and e
};

/// near = A S, degree = A 1 [nodes].
Terms terms_of(const at::Tensor& soft, const at::Tensor& near, const at::Tensor& degree,
               const Offsets& offsets) {
  const std::int64_t clusters = soft.size(1);
  Terms t;
  t.kept = segment_sum((soft * near).sum(1), offsets);
  t.total = segment_sum(degree * soft.square().sum(1), offsets).clamp_min(small);
  t.gram = segment_gram(soft, soft, offsets);
  const at::Tensor square = t.gram.square().sum({1, 2});
  t.norm = square.clamp_min(small * small).sqrt();
  const at::Tensor has_nodes = (square > 0).to(at::kFloat).view({-1, 1, 1});
  const at::Tensor even = at::eye(clusters) / std::sqrt(static_cast<double>(clusters));
  t.excess = t.gram / t.norm.view({-1, 1, 1}) - has_nodes * even;
  t.distance = t.excess.square().sum({1, 2}).clamp_min(small * small).sqrt();
  return t;
}

MincutLosses losses_of(const Terms& t) {
  return {(-t.kept / t.total).mean(), t.distance.mean()};
}

struct Cut : torch::CustomClassHolder {
  GraphValue graph;
  graph::Normalisation normalisation = graph::Normalisation::symmetric;
  Offsets offsets;
};

at::Tensor product(const GraphValue& graph, graph::Normalisation normalisation, const at::Tensor& x) {
  return graph.is_dense() ? propagate_dense(graph.dense, normalisation, 1, x)
                          : propagate(graph, normalisation, 1, x);
}

at::Tensor degrees(const GraphValue& graph, graph::Normalisation normalisation) {
  return product(graph, normalisation, at::ones({graph.num_rows(), 1})).view({-1});
}

/// The closed form over sparse edges.
struct MincutFunction : torch::autograd::Function<MincutFunction> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& soft,
                               const c10::intrusive_ptr<Cut>& cut) {
    const at::Tensor near = propagate(cut->graph, cut->normalisation, 1, soft);
    const at::Tensor degree = degrees(cut->graph, cut->normalisation);
    const Terms t = terms_of(soft, near, degree, cut->offsets);
    ctx->saved_data["cut"] = c10::IValue::make_capsule(cut);
    ctx->save_for_backward({soft, near, degree, t.kept, t.total, t.gram, t.norm, t.excess, t.distance});
    const MincutLosses losses = losses_of(t);
    return {losses.cut, losses.orthogonality};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto capsule = ctx->saved_data["cut"].toCapsule();
    const Cut& cut = static_cast<const Cut&>(*capsule);
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &soft = saved[0], &near = saved[1], &degree = saved[2];
    const Terms t{saved[3], saved[4], saved[5], saved[6], saved[7], saved[8]};
    const auto graphs = static_cast<double>(t.kept.size(0));
    // (A + A')S: A' is the same matrix where every edge has its reverse.
    const at::Tensor around =
        cut.graph.sparse->is_symmetric() ? near * 2 : near + transposed_product(cut, soft);
    const at::Tensor slope = grads[0] / (-graphs * t.total), ratio = t.kept / t.total;
    at::Tensor grad = around * segment_expand(slope, cut.offsets).unsqueeze(1) -
                      soft * (2 * degree * segment_expand(slope * ratio, cut.offsets)).unsqueeze(1);
    const auto wide = [](const at::Tensor& values) { return values.view({-1, 1, 1}); };
    const at::Tensor inner = (t.excess * t.gram).sum({1, 2});
    const at::Tensor direction = t.excess / wide(t.norm) - t.gram * wide(inner / t.norm.pow(3));
    grad = grad + segment_matmul(soft, direction * wide(grads[1] * 2 / (graphs * t.distance)), cut.offsets);
    return {grad, at::Tensor()};
  }

  /// A'S, as the gradient of <A x, S> with respect to x.
  static at::Tensor transposed_product(const Cut& cut, const at::Tensor& soft) {
    const at::AutoGradMode with_gradients(true);
    const at::Tensor x = at::zeros_like(soft).set_requires_grad(true);
    const at::Tensor dst = propagate(cut.graph, cut.normalisation, 1, x);
    return torch::autograd::grad({dst}, {x}, {soft.detach()})[0];
  }
};

}  // namespace

MincutLosses mincut_losses(const GraphValue& graph, graph::Normalisation normalisation,
                           const at::Tensor& soft) {
  const Offsets offsets = offsets_of(graph);
  if (graph.is_dense() || graph.edge_factor.defined())
    return losses_of(
        terms_of(soft, product(graph, normalisation, soft), degrees(graph, normalisation), offsets));
  auto cut = c10::make_intrusive<Cut>();
  cut->graph = graph;
  cut->normalisation = normalisation;
  cut->offsets = offsets;
  const variable_list losses = MincutFunction::apply(soft, cut);
  return {losses[0], losses[1]};
}

}  // namespace tern::learn
