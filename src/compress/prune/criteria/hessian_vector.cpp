#include "base/error.hpp"
#include "compress/prune/criteria/hessian_vector.hpp"

#include "compress/gradients.hpp"
#include "compress/prune/criteria/walk.hpp"
#include "learn/autograd/neuron_function.hpp"
#include "learn/neuron_reference.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

at::Tensor plain_conv2d(learn::OpCall& call) {
  const net::OpContext context = call.context();
  const auto [sh, sw] = context.pair("stride");
  const auto [ph, pw] = context.pair("padding");
  const auto [dh, dw] = context.pair("dilation");
  const at::Tensor weight = call.model.parameter(call.node.name, "weight").effective(true);
  const at::Tensor bias =
      context.flag("bias") ? call.model.parameter(call.node.name, "bias").effective() : at::Tensor();
  return at::conv2d(call.src[0], weight, bias, {sh, sw}, {ph, pw}, {dh, dw}, context.integer("groups"));
}

/// The meaning in plain torch operations, whose gradients have gradients.
at::Tensor twice_differentiable(learn::OpCall& call) {
  const std::string& op = call.node.op;
  const net::OpContext context = call.context();
  if (op == "conv2d") return plain_conv2d(call);
  if (op == "dropout") return call.src[0];
  if (op == "if" || op == "lif")
    return learn::neuron_reference(call.src[0], call.num_steps, learn::neuron_parameters(call.node));
  if (op == "global_avg_pool") return call.src[0].mean(at::IntArrayRef{2, 3});
  if (op == "max_pool2d" || op == "avg_pool2d") {
    const auto [kh, kw] = context.pair("kernel");
    const auto [sh, sw] = context.pair("stride");
    return op == "max_pool2d" ? at::max_pool2d(call.src[0], {kh, kw}, {sh, sw})
                              : at::avg_pool2d(call.src[0], {kh, kw}, {sh, sw});
  }
  return learn::find_meaning(call.node)(call);
}

std::vector<at::Tensor> product_on_batch(learn::Model& model, const std::vector<std::string>& names,
                                         const SampleBatch& batch, learn::Loss loss, const Tensors& vector) {
  if (batch.graph) fail(ErrorKind::unsupported, "samples", "second derivatives do not work on graph networks yet");
  const EffectiveLeaves leaves(model, names);
  learn::ForwardOptions options;
  options.training = options.frozen_norms = true;  // differentiable, with the running statistics
  const at::Tensor value =
      loss(walk(model, batch.frames, batch.num_steps, options, twice_differentiable), batch.targets);
  const auto gradients = torch::autograd::grad({value}, leaves.leaves(), {}, true, true, true);
  at::Tensor projected = at::zeros({});
  for (std::size_t i = 0; i < names.size(); ++i)
    if (gradients[i].defined()) projected = projected + (gradients[i] * vector.at(names[i])).sum();
  std::vector<at::Tensor> products(names.size());
  if (projected.requires_grad())
    products = torch::autograd::grad({projected}, leaves.leaves(), {}, false, false, true);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!products[i].defined()) products[i] = at::zeros_like(leaves.leaves()[i]).detach();
  return products;
}

}  // namespace

Tensors hessian_vector(learn::Model& model, const std::vector<std::string>& names, const Samples& samples,
                       learn::Loss loss, const Tensors& vector) {
  Tensors mean;
  for (const auto& batch : samples) {
    const auto products = product_on_batch(model, names, batch, loss, vector);
    for (std::size_t i = 0; i < names.size(); ++i) {
      at::Tensor& sum = mean[names[i]];
      sum = sum.defined() ? sum + products[i] : products[i].contiguous();
    }
  }
  for (auto& [name, sum] : mean) sum.div_(static_cast<double>(samples.size()));
  return mean;
}

}  // namespace tern::compress
