// Second moments of a kernel's inputs: all that a layer's squared output error depends on.
#pragma once

#include <ATen/core/Tensor.h>

#include "compress/posttrain/net_walk.hpp"

namespace tern::compress {

/// Mean over samples and output places of products of the inputs that one output sees (its receptive field, k =
/// ic / groups * kh * kw values in the weight's order): x of the float network, y of the quantized one.
///   xx, xy, yy: [groups, k, k] = E[x x'], E[x y'], E[y y'];   x, y: [groups, k] means.
/// With W and V [groups, oc / groups, k] the mean squared error of all outputs together is
///   E |W x - V y|^2 = tr(W xx W') - 2 tr(W xy V') + tr(V yy V').
struct LayerMoments {
  at::Tensor xx, xy, yy, x, y;

  /// Removes the means: the error that stays when the bias is the best one.
  LayerMoments centred() const;
};

/// The expression above for one W, as a function of V: one product with yy a call.
class OutputError {
 public:
  OutputError(const LayerMoments& moments, at::Tensor w);
  /// Scalar, differentiable with respect to `v`.
  at::Tensor operator()(const at::Tensor& v) const;
  /// Its derivative at `v`, [groups, oc / groups, k].
  at::Tensor slope(const at::Tensor& v) const;

 private:
  at::Tensor w_, yy_, linear_;  // linear_: derivative at V = W
  double base_ = 0;             // value at V = W
};

/// `node` is a conv2d or linear; `x` and `y` its inputs by batch.
LayerMoments layer_moments(const net::OpContext& context, const BatchValues& x, const BatchValues& y);

/// A weight as LayerMoments wants it: [groups, oc / groups, k].
at::Tensor by_groups(const at::Tensor& weight, const net::OpContext& context);

/// Weight nodes of two walks in step: `visit(node, y, x)` sees the inputs of each conv2d and linear in Net order, y
/// in the model, where earlier visits have already changed what they changed, x in its float twin.
template <typename Visit>
void visit_kernels(learn::Model& model, learn::Model& twin, const Samples& samples, Visit visit) {
  NetWalk quantized(model, samples), reference(twin, samples);
  while (const net::Node* node = quantized.next()) {
    if (node->op == "conv2d" || node->op == "linear")
      visit(*node, quantized.value(node->inputs[0]), reference.value(twin.net().node(node->name).inputs[0]));
    quantized.advance();
    if (reference.next() && reference.next()->name == node->name) reference.advance();
  }
}

}  // namespace tern::compress
