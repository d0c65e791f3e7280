#include "train/layerwise/propagation.hpp"

#include <chrono>
#include <utility>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;
using Clock = std::chrono::steady_clock;

}  // namespace

Propagation::Propagation(graph::Graph graph, std::filesystem::path scratch, ProcessGroup* group)
    : graph_(std::move(graph)),
      scales_(graph::scales_of(graph_, graph::Normalisation::lgcn)),
      scratch_(std::move(scratch)) {
  if (group == nullptr || group->size() == 1) {
    whole_ = {graph_.rowptr(), graph_.col(), graph_.weight(), scales_.row, scales_.self, graph_.num_nodes()};
    return;
  }
  const RowOwners owners = RowOwners::blocks(graph_.num_nodes(), group->size());
  halo_.emplace(group, owners, take_rows(graph_, owners, group->rank()));
  scales_ = halo_->local_scales(scales_);
  graph_ = {};
  const kernels::Csr matrix = halo_->matrix();
  first_ = halo_->num_owned() == 0 ? 0 : halo_->columns()[0];
  const auto rows = static_cast<Index>(matrix.rows);
  const auto entries = static_cast<Index>(matrix.rowptr[rows]);
  whole_ = {{matrix.rowptr, rows + 1},
            {matrix.col, entries},
            {matrix.value, matrix.value == nullptr ? 0 : entries},
            scales_.row,
            scales_.self,
            matrix.columns};
}

std::int64_t Propagation::place_of(std::int64_t node) const {
  return node >= first_ && node < first_ + num_owned() ? node - first_ : -1;
}

LayerInput Propagation::local(const LayerInput& features) const {
  if (!halo_) return features;
  const std::vector<std::int64_t> ids(halo_->columns().begin(), halo_->columns().end());
  return features.select(at::tensor(ids, at::kLong), scratch_);
}

LayerInput Propagation::run(const LayerInput& x, const std::string& name) {
  const auto begin = Clock::now();
  LayerInput out = propagate(whole_, x, scratch_, name);
  if (halo_) {
    if (out.is_sparse()) fail(ErrorKind::internal, "propagation", "sparse products are not exchanged");
    RowMatrix with_halo = RowMatrix::make(scratch_, name + "-halo", whole_.columns, out.columns());
    with_halo.block(0, num_owned()).copy_(out.dense().values());
    at::Tensor values = with_halo.values();
    halo_->fill(values);
    out = LayerInput(std::move(with_halo));
  }
  ++count_;
  seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
  return out;
}

LayerInput Propagation::rows_apart(const LayerInput& x, const at::Tensor& ids,
                                   const std::string& name) const {
  PropagatedRows some = whole_;
  some.picked.emplace(ids.data_ptr<std::int64_t>(), static_cast<Index>(ids.numel()));
  return propagate(some, x, scratch_, name);
}

LayerInput Propagation::rows(const LayerInput& x, const at::Tensor& ids, const std::string& name) {
  const auto begin = Clock::now();
  LayerInput out = rows_apart(x, ids, name);
  ++count_;
  seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
  return out;
}

}  // namespace tern::train
