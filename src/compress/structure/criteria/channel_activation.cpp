// activation and apoz: what arrives at the kernels that read a channel.
#include <unordered_map>

#include "compress/structure/criteria/criteria.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Adds, over the sources of all kernels, the mean over samples, steps and places of measure(x).
template <typename Measure>
std::vector<double> mean_at_readers(const ChannelScoreContext& context, Measure measure) {
  const c10::NoGradGuard no_grad;
  const ChannelGraph& graph = context.graph;
  const auto& nodes = context.model.net().nodes();
  std::unordered_map<std::string, std::size_t> sources;  // read by a kernel
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (graph.form(i) != KernelForm::none) sources[nodes[i].inputs[0]] = graph.source(i, 0);
  std::vector<double> scores(static_cast<std::size_t>(graph.num_coupled()), 0.0);
  learn::ForwardOptions options;
  options.observer = [&](const net::Node& node, const at::Tensor& dst) {
    const auto found = sources.find(node.name);
    if (found == sources.end()) return;
    const at::Tensor measured = measure(dst);
    const at::Tensor means = measured.dim() == 4 ? measured.mean(at::IntArrayRef{0, 2, 3}) : measured.mean(0);
    add_channel_scores(graph.outputs(found->second), means, scores);
  };
  for (const auto& batch : *context.samples) run(context.model, batch, options);
  for (double& score : scores) score /= static_cast<double>(context.samples->size());
  return scores;
}

std::vector<double> activation(const ChannelScoreContext& context) {
  return mean_at_readers(context, [](const at::Tensor& x) { return x.abs(); });
}

std::vector<double> apoz(const ChannelScoreContext& context) {
  return mean_at_readers(context, [](const at::Tensor& x) { return x.ne(0).to(at::kFloat); });
}

}  // namespace

ChannelCriterionRow activation_criterion() {
  return {.info = {"activation", "mean absolute value where kernels read the channel",
                   "Molchanov et al. 2017, Pruning Convolutional Neural Networks for Resource Efficient Inference", {}},
          .needs_samples = true,
          .score = activation};
}

ChannelCriterionRow apoz_criterion() {
  return {.info = {"apoz", "fraction of values other than zero where kernels read the channel",
                   "Hu et al. 2016, Network Trimming (average percentage of zeros)", {}},
          .needs_samples = true,
          .score = apoz};
}

}  // namespace tern::compress
