// Optimal brain surgeon, layer by layer: w_q^2 / (2 [H^-1]_qq), the least growth of the squared error of the
// layer's output when weight q goes and the others of its row make up for it; H holds the second moments of
// the layer's inputs. Hassibi and Stork 1993; as layer-wise problem Frantar and Alistarh 2022, Optimal Brain
// Compression. The scores are those of the first removal from a full row; compensate() is exact for whatever
// was pruned.
#include "compress/prune/criteria/obs.hpp"

#include <queue>
#include <vector>

#include "compress/prune/criteria/as_before.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "compress/prune/criteria/input_moments.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

at::Tensor inverted(const at::Tensor& hessian) {
  return at::cholesky_inverse(at::linalg_cholesky(hessian));
}

at::Tensor part_of(const at::Tensor& weight, const MomentBlock& block) {
  return weight.flatten(1).narrow(0, block.row, block.rows).narrow(1, block.column, block.columns);
}

Scores score(const CriterionInput& input) {
  Scores scores;
  for (const auto& [name, blocks] : input_moments(input.model, input.names, input.samples())) {
    const at::Tensor latent = input.model.parameters().at(name).latent.detach();
    at::Tensor result = at::empty(latent.sizes());
    for (const auto& block : blocks)
      part_of(result, block)
          .copy_(part_of(latent, block).square() / (2 * inverted(block.hessian).diagonal()));
    scores[name] = result;
  }
  return scores;
}

void compensate(const CriterionInput& input, const Tensors& before) {
  std::map<std::string, std::vector<MomentBlock>> moments;
  {
    const AsBefore as_before(input.model, before);
    moments = input_moments(input.model, input.names, input.samples());
  }
  const c10::NoGradGuard no_grad;
  for (const auto& [name, blocks] : moments) {
    learn::Parameter& parameter = input.model.parameters().at(name);
    at::Tensor updated = before.at(name).contiguous().clone();
    for (const auto& block : blocks)
      for (std::int64_t r = 0; r < block.rows; ++r) {
        const at::Tensor mask = part_of(parameter.mask.contiguous(), block)[r];
        const at::Tensor row = part_of(updated, block)[r];
        row.copy_(obs_update_row(row, mask, block.hessian));
      }
    parameter.latent.copy_(updated);
  }
}

/// The order in which a row loses its weights, and what each costs.
struct Elimination {
  std::vector<std::int64_t> order;
  std::vector<double> cost;
};

Elimination eliminate(const at::Tensor& row, const at::Tensor& inverse_hessian) {
  const at::Tensor weights = row.to(at::kDouble).contiguous().clone(),
                   h = inverse_hessian.contiguous().clone();
  const std::int64_t width = weights.numel();
  double *w = weights.data_ptr<double>(), *inv = h.data_ptr<double>();
  std::vector<bool> is_gone(static_cast<std::size_t>(width), false);
  Elimination result;
  for (std::int64_t k = 0; k < width; ++k) {
    std::int64_t q = -1;
    const auto cost = [&](std::int64_t i) { return w[i] * w[i] / (2 * inv[i * width + i]); };
    for (std::int64_t i = 0; i < width; ++i)
      if (!is_gone[static_cast<std::size_t>(i)] && (q < 0 || cost(i) < cost(q))) q = i;
    result.order.push_back(q);
    result.cost.push_back(cost(q));
    is_gone[static_cast<std::size_t>(q)] = true;
    const double pivot = inv[q * width + q], share = w[q] / pivot;
    const std::vector<double> column(inv + q * width, inv + (q + 1) * width);  // symmetric: row q
    for (std::int64_t i = 0; i < width; ++i) {
      const double factor = column[static_cast<std::size_t>(i)] / pivot;
      w[i] -= share * column[static_cast<std::size_t>(i)];
      for (std::int64_t j = 0; j < width; ++j)
        inv[i * width + j] -= factor * column[static_cast<std::size_t>(j)];
    }
  }
  return result;
}

}  // namespace

at::Tensor obs_update_row(const at::Tensor& weight, const at::Tensor& mask, const at::Tensor& hessian) {
  const at::Tensor kept = mask.ne(0).nonzero().flatten(), pruned = mask.eq(0).nonzero().flatten();
  const at::Tensor result = weight * mask;
  if (kept.numel() == 0 || pruned.numel() == 0) return result;
  const at::Tensor rows = hessian.index_select(0, kept);
  const at::Tensor error =
      at::mv(rows.index_select(1, pruned), weight.index_select(0, pruned).to(at::kDouble));
  const at::Tensor factor = at::linalg_cholesky(rows.index_select(1, kept));
  const at::Tensor move = at::cholesky_solve(error.unsqueeze(1), factor).squeeze(1);
  return result.index_add(0, kept, move.to(weight.scalar_type()));
}

at::Tensor obs_prune_layer(const at::Tensor& weight, const at::Tensor& hessian, std::int64_t zeros) {
  const at::Tensor given = weight.detach(), inverse_hessian = inverted(hessian);
  std::vector<Elimination> rows;
  for (std::int64_t r = 0; r < given.size(0); ++r) rows.push_back(eliminate(given[r], inverse_hessian));

  using Next = std::pair<double, std::int64_t>;  // cost of a row's next weight, row
  std::priority_queue<Next, std::vector<Next>, std::greater<>> next;
  for (std::int64_t r = 0; r < given.size(0); ++r) next.emplace(rows[static_cast<std::size_t>(r)].cost[0], r);
  std::vector<std::size_t> gone(rows.size(), 0);
  at::Tensor mask = at::ones(given.sizes());
  for (std::int64_t k = 0; k < zeros && !next.empty(); ++k) {
    const auto r = static_cast<std::size_t>(next.top().second);
    next.pop();
    mask.data_ptr<float>()[static_cast<std::int64_t>(r) * given.size(1) + rows[r].order[gone[r]++]] = 0.0F;
    if (gone[r] < rows[r].order.size()) next.emplace(rows[r].cost[gone[r]], static_cast<std::int64_t>(r));
  }
  at::Tensor result = at::empty_like(given);
  for (std::int64_t r = 0; r < given.size(0); ++r)
    result[r].copy_(obs_update_row(given[r], mask[r], hessian));
  return result;
}

CriterionRow criteria::obs() {
  return {
      {"obs",
       "weight^2 / (2 [H^-1]_qq) with the second moments H of the layer's inputs; the others make up for it",
       "Hassibi and Stork 1993, Optimal Brain Surgeon; Frantar and Alistarh 2022, Optimal Brain Compression",
       {}},
      true,
      score,
      compensate};
}

}  // namespace tern::compress
