#include "compress/prune/criterion.hpp"

#include "base/error.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "compress/prune/pruner.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

const std::vector<CriterionRow>& criterion_table() {
  static const std::vector<CriterionRow> table{
      criteria::magnitude(), criteria::lamp(),       criteria::random(),     criteria::snip(),
      criteria::grasp(),     criteria::synflow(),    criteria::taylor(),     criteria::movement(),
      criteria::obd(),       criteria::obs(),        criteria::woodfisher(), criteria::l0(),
      criteria::fpgm(),      criteria::activation(),
  };
  return table;
}

const CriterionRow& find_criterion(std::string_view name) {
  return find_method(criterion_table(), "criterion", name,
                     [](const CriterionRow& row) -> const MethodInfo& { return row.info; });
}

Scores score_weights(const CriterionRow& row, const CriterionInput& input) {
  if (row.needs_samples && (!input.samples || input.samples().empty()))
    fail(ErrorKind::usage, "prune", "criterion {} needs samples of the training data", row.info.name);
  if (row.needs_samples && !input.loss)
    fail(ErrorKind::usage, "prune", "criterion {} needs a loss", row.info.name);
  const c10::AutoGradMode with_gradients(true);  // also where the caller has switched them off
  return row.score(input);
}

Tensors copy_latents(const learn::Model& model, const std::vector<std::string>& names) {
  Tensors copies;
  for (const auto& name : names) copies[name] = model.parameters().at(name).latent.detach().clone();
  return copies;
}

}  // namespace tern::compress
