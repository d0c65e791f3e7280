#include "compress/posttrain/fold.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "compress/model_builder.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

bool is_kernel(const net::Node& node) { return node.op == "conv2d" || node.op == "linear"; }

bool is_neuron(const net::Node& node) { return node.op == "if" || node.op == "lif"; }

/// The kernel that `norm` folds into, or null.
const net::Node* folding_kernel(const net::Net& net, const net::Node& norm, bool spiking) {
  if (norm.op != "batch_norm") return nullptr;
  const net::Node& source = net.node(norm.inputs[0]);
  if (!is_kernel(source) || net.readers(source.name).size() != 1) return nullptr;
  const auto readers = net.readers(norm.name);
  const bool is_fused = readers.size() == 1 && is_neuron(*readers[0]);
  return is_fused && !spiking ? nullptr : &source;
}

struct Folded {
  learn::Parameter weight, bias;
};

Folded fold(const learn::Model& model, const net::Node& kernel, const net::Node& norm) {
  const c10::NoGradGuard no_grad;
  const auto value = [&](const char* name) {
    return model.parameter(norm.name, name).latent.detach().to(at::kDouble);
  };
  const learn::Parameter& old = model.parameter(kernel.name, "weight");
  if (old.quantizer || old.gate)
    fail(ErrorKind::usage, "node '" + kernel.name + "'",
         "its weight has a {}: fold batch norms before that", old.quantizer ? "quantizer" : "gate");
  const at::Tensor gamma = value("weight"), beta = value("bias");
  const at::Tensor factor = gamma / (value("running_var") + model.net().context(norm).real("eps")).sqrt();
  const at::Tensor latent = old.latent.detach().to(at::kDouble);
  const at::Tensor bias = model.net().context(kernel).flag("bias")
                              ? model.parameter(kernel.name, "bias").latent.detach().to(at::kDouble)
                              : at::zeros_like(factor);
  Folded folded{make_parameter(latent * factor.view(std::vector<std::int64_t>{-1}).view(
                                            latent.dim() == 4 ? std::vector<std::int64_t>{-1, 1, 1, 1}
                                                              : std::vector<std::int64_t>{-1, 1})),
                make_parameter(beta + (bias - value("running_mean")) * factor, net::ParameterRole::bias)};
  folded.weight.mask = old.mask;
  folded.weight.backward_mask = old.backward_mask;
  folded.bias.state[norm_shift_state] = beta.to(at::kFloat);
  folded.bias.state[norm_gain_state] = gamma.abs().to(at::kFloat);
  return folded;
}

learn::Model fold_once(const learn::Model& model, bool spiking) {
  const net::Net& net = model.net();
  ModelBuilder builder(model);
  for (const auto& node : net.nodes()) {
    const auto readers = net.readers(node.name);
    if (folding_kernel(net, node, spiking)) {
      builder.redirect(node.name, node.inputs[0]);
    } else if (is_kernel(node) && readers.size() == 1 && folding_kernel(net, *readers[0], spiking) == &node) {
      Folded folded = fold(model, node, *readers[0]);
      auto attributes = node.attributes;
      attributes["bias"] = true;
      builder.keep(node, attributes, {{"weight", folded.weight}, {"bias", folded.bias}});
    } else {
      builder.keep(node);
    }
  }
  return builder.finish();
}

}  // namespace

std::vector<std::string> foldable_norms(const learn::Model& model, bool spiking) {
  std::vector<std::string> names;
  for (const auto& node : model.net().nodes())
    if (folding_kernel(model.net(), node, spiking)) names.push_back(node.name);
  return names;
}

learn::Model fold_batch_norms(const learn::Model& model, bool spiking) {
  learn::Model folded = model;
  while (!foldable_norms(folded, spiking).empty()) folded = fold_once(folded, spiking);
  return folded;
}

}  // namespace tern::compress
