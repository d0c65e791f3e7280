#include "train/graph/procedures.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "learn/torch.hpp"
#include "train/graph/cluster_gcn.hpp"
#include "train/graph/full_batch.hpp"
#include "train/graph/graph_classification.hpp"
#include "train/graph/l_gcn.hpp"
#include "train/graph/node_clustering.hpp"

namespace tern::train {

const std::vector<const GraphProcedure*>& graph_procedure_table() {
  static const std::vector<const GraphProcedure*> table{
      &full_batch_procedure(),           &cluster_gcn_procedure(),    &l_gcn_procedure(), &l2_gcn_procedure(),
      &graph_classification_procedure(), &node_clustering_procedure()};
  return table;
}

const GraphProcedure& find_graph_procedure(std::string_view name) {
  return *find_method(graph_procedure_table(), "procedure", name, [](const GraphProcedure* row) { return row->info; });
}

void check_parameters(const MethodInfo& info, const GraphProcedureOptions& options) {
  std::vector<std::string> known;
  for (const auto& parameter : info.parameters) known.push_back(parameter.name);
  for (const auto& [name, value] : options.parameters)
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      if (known.empty()) fail(ErrorKind::usage, info.name, "has no parameters, got '{}'", name);
      fail_unknown("parameter of " + info.name, name, known);
    }
}

void draw_glorot(learn::Model& model, std::uint64_t seed) {
  const c10::NoGradGuard no_grad;
  for (auto& [name, parameter] : model.parameters()) {
    if (parameter.role != net::ParameterRole::weight || parameter.latent.dim() != 2) continue;
    const auto fans = static_cast<double>(parameter.latent.size(0) + parameter.latent.size(1));
    const double bound = std::sqrt(6 / fans);
    Rng rng(derive_seed(seed, name));
    const at::Tensor values = at::empty_like(parameter.latent, at::MemoryFormat::Contiguous);
    for (std::int64_t i = 0; i < values.numel(); ++i)
      values.data_ptr<float>()[i] = static_cast<float>(bound * (2 * rng.uniform() - 1));
    parameter.latent.copy_(values);
  }
}

}  // namespace tern::train
