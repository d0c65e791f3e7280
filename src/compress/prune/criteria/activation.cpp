// Mean |activation| of a channel over the samples, shared by the channel's weights: channels that stay silent
// go first. The activation is that behind the layer's batch norm and nonlinearity or neuron (of a spiking
// layer: its firing rate), where the layer has one reader only. Hu et al. 2016, Network Trimming, ranks by
// the fraction of zeros (APoZ) of the same activations; Molchanov et al. 2017 by this mean. Kernels other
// than conv2d's and linear's share one score.
#include "compress/prune/criteria/criteria.hpp"
#include "compress/select_layers.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// The node whose output is the layer's activation.
std::string activation_of(const net::Net& net, std::string name) {
  while (true) {
    const auto readers = net.readers(name);
    if (readers.size() != 1 || readers[0]->inputs.size() != 1 ||
        !(net.type(readers[0]->name) == net.type(name)))
      return name;
    name = readers[0]->name;
    if (readers[0]->op != "batch_norm") return name;
  }
}

/// [channels] mean |value| of src [rows, channels, ...].
at::Tensor channel_means(const at::Tensor& src) {
  const at::Tensor sizes = src.detach().abs();
  return sizes.dim() == 4 ? sizes.mean(at::IntArrayRef{0, 2, 3}) : sizes.flatten(1).mean(at::IntArrayRef{0});
}

std::map<std::string, at::Tensor> mean_activations(const CriterionInput& input,
                                                   const std::map<std::string, std::string>& watched) {
  const c10::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> means;
  learn::ForwardOptions options;
  options.observer = [&](const net::Node& node, const at::Tensor& value) {
    if (!watched.contains(node.name)) return;
    at::Tensor& sum = means[node.name];
    sum = sum.defined() ? sum + channel_means(value) : channel_means(value);
  };
  const Samples& samples = input.samples();
  for (const auto& batch : samples) run(input.model, batch, options);
  for (auto& [name, sum] : means) sum.div_(static_cast<double>(samples.size()));
  return means;
}

Scores score(const CriterionInput& input) {
  std::map<std::string, std::string> watched;  // by node: any layer that it belongs to
  std::map<std::string, std::string> activation;
  for (const auto& name : input.names) {
    activation[name] = activation_of(input.model.net(), std::string(node_of(name)));
    watched[activation[name]] = name;
  }
  const auto means = mean_activations(input, watched);
  Scores scores;
  for (const auto& name : input.names) {
    const at::Tensor& latent = input.model.parameters().at(name).latent;
    const at::Tensor& mean = means.at(activation[name]);
    const std::string& op = input.model.net().node(node_of(name)).op;
    std::vector<std::int64_t> one_a_channel(static_cast<std::size_t>(latent.dim()), 1);
    one_a_channel[0] = -1;
    const at::Tensor shared = op == "conv2d" || op == "linear" ? mean.view(one_a_channel) : mean.mean();
    scores[name] = shared.expand(latent.sizes()).contiguous();
  }
  return scores;
}

}  // namespace

CriterionRow criteria::activation() {
  return {{"activation",
           "mean |activation| of the weight's output channel; meant for shape channel",
           "Molchanov et al. 2017, Pruning Convolutional Neural Networks for Resource Efficient Inference",
           {}},
          true,
          score};
}

}  // namespace tern::compress
