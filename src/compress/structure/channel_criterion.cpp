#include "compress/structure/channel_criterion.hpp"

#include "compress/structure/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

const std::vector<ChannelCriterionRow>& channel_criterion_table() {
  static const std::vector<ChannelCriterionRow> table{
      l1_criterion(),     l2_criterion(),         fpgm_criterion(), bn_gamma_criterion(),
      taylor_criterion(), activation_criterion(), apoz_criterion(), random_criterion(),
  };
  return table;
}

const ChannelCriterionRow& find_channel_criterion(std::string_view name) {
  return find_method(channel_criterion_table(), "channel criterion", name,
                     [](const ChannelCriterionRow& row) -> const MethodInfo& { return row.info; }, "plan");
}

void add_channel_scores(const std::vector<std::int64_t>& channels, const at::Tensor& values, std::vector<double>& scores) {
  const at::Tensor flat = values.detach().to(at::kDouble).contiguous();
  const double* data = flat.data_ptr<double>();
  for (std::size_t i = 0; i < channels.size(); ++i) scores[static_cast<std::size_t>(channels[i])] += data[i];
}

void add_kernel_scores(const ChannelGraph& graph, std::size_t node, const at::Tensor& weight_scores,
                       std::vector<double>& scores) {
  const at::Tensor table = weight_scores.reshape({weight_scores.size(0), weight_scores.size(1), -1}).sum(2);  // [oc, icg]
  add_channel_scores(graph.outputs(node), table.sum(1), scores);
  if (graph.form(node) == KernelForm::depthwise) return;
  const auto groups = static_cast<std::int64_t>(graph.inputs(node).size()) / table.size(1);
  add_channel_scores(graph.inputs(node), table.view({groups, -1, table.size(1)}).sum(1).view(-1), scores);
}

}  // namespace tern::compress
