#include "train/parallel/halo.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

int rank_in(const ProcessGroup* group) {
  return group ? group->rank() : 0;
}

at::Tensor as_tensor(std::span<const std::int32_t> values) {
  return at::tensor(at::ArrayRef<std::int32_t>(values.data(), values.size()), at::kInt);
}

const float* data_or_null(const std::vector<float>& values) {
  return values.empty() ? nullptr : values.data();
}

}  // namespace

Halo::Halo(ProcessGroup* group, const RowOwners& owners, OwnedRows rows)
    : group_(group), rows_(std::move(rows)) {
  const int size = group_ ? group_->size() : 1;
  if (owners.num_ranks() != size)
    fail(ErrorKind::usage, "halo", "rows are dealt to {} ranks, but the group has {}", owners.num_ranks(),
         size);
  graph::check_rows(rows_.rowptr, rows_.col, rows_.weight, owners.num_rows(), "halo");
  columns_ = owners.rows_of(rank_in(group_));
  num_owned_ = static_cast<std::int64_t>(columns_.size());
  if (static_cast<std::int64_t>(rows_.rowptr.size()) != num_owned_ + 1)
    fail(ErrorKind::bad_data, "halo", "rank {} owns {} rows, but {} were given", rank_in(group_), num_owned_,
         rows_.rowptr.size() - 1);
  number_columns(owners);
  agree(owners);
}

void Halo::number_columns(const RowOwners& owners) {
  const int me = rank_in(group_);
  const auto before = [&](std::int32_t a, std::int32_t b) {
    return std::pair(owners.owner(a), a) < std::pair(owners.owner(b), b);
  };
  std::vector<std::int32_t> halo;
  for (const std::int32_t column : rows_.col)
    if (owners.owner(column) != me) halo.push_back(column);
  // By number first: most entries are repetitions, and comparing owners is dearer.
  std::sort(halo.begin(), halo.end());
  halo.erase(std::unique(halo.begin(), halo.end()), halo.end());
  std::sort(halo.begin(), halo.end(), before);

  halo_first_.assign(static_cast<std::size_t>(owners.num_ranks()) + 1, 0);
  for (const std::int32_t column : halo) ++halo_first_[static_cast<std::size_t>(owners.owner(column)) + 1];
  halo_first_[0] = num_owned_;
  for (std::size_t r = 1; r < halo_first_.size(); ++r) halo_first_[r] += halo_first_[r - 1];

  const auto owned_end = columns_.begin() + num_owned_;
  for (std::int32_t& column : rows_.col) {
    if (owners.owner(column) == me)
      column =
          static_cast<std::int32_t>(std::lower_bound(columns_.begin(), owned_end, column) - columns_.begin());
    else
      column = static_cast<std::int32_t>(
          num_owned_ + (std::lower_bound(halo.begin(), halo.end(), column, before) - halo.begin()));
  }
  columns_.insert(columns_.end(), halo.begin(), halo.end());
}

void Halo::agree(const RowOwners& owners) {
  const auto num_ranks = static_cast<std::size_t>(owners.num_ranks());
  sent_.assign(num_ranks, at::empty({0}, at::kLong));
  if (num_ranks == 1) return;
  std::vector<at::Tensor> wanted(num_ranks), asked(num_ranks), num_wanted(num_ranks), num_asked(num_ranks);
  for (std::size_t r = 0; r < num_ranks; ++r) {
    const auto first = static_cast<std::size_t>(halo_first_[r]),
               last = static_cast<std::size_t>(halo_first_[r + 1]);
    wanted[r] = as_tensor(std::span(columns_).subspan(first, last - first));
    num_wanted[r] = at::full({1}, wanted[r].numel(), at::kLong);
    num_asked[r] = at::zeros({1}, at::kLong);
  }
  group_->exchange(num_wanted, num_asked);
  for (std::size_t r = 0; r < num_ranks; ++r)
    asked[r] = at::empty({num_asked[r].item<std::int64_t>()}, at::kInt);
  group_->exchange(wanted, asked);

  const auto owned_end = columns_.begin() + num_owned_;
  for (std::size_t r = 0; r < num_ranks; ++r) {
    const auto* row = asked[r].data_ptr<std::int32_t>();
    sent_[r] = at::empty({asked[r].numel()}, at::kLong);
    auto* local = sent_[r].data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < asked[r].numel(); ++i) {
      const auto found = std::lower_bound(columns_.begin(), owned_end, row[i]);
      if (found == owned_end || *found != row[i])
        fail(ErrorKind::bad_data, "halo",
             "rank {} asks for row {}, which rank {} does not own: the ranks were given "
             "different owners",
             r, row[i], rank_in(group_));
      local[i] = found - columns_.begin();
    }
  }
}

std::int64_t Halo::num_sent() const {
  std::int64_t total = 0;
  for (const at::Tensor& rows : sent_) total += rows.numel();
  return total;
}

kernels::Csr Halo::matrix() const {
  return {num_owned_, static_cast<std::int64_t>(columns_.size()), rows_.rowptr.data(), rows_.col.data(),
          data_or_null(rows_.weight)};
}

void Halo::fill(at::Tensor& features) const {
  if (!group_ || group_->size() == 1) return;
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> sends, receives;
  for (std::size_t r = 0; r < sent_.size(); ++r) {
    sends.push_back(features.index_select(0, sent_[r]));
    receives.push_back(features.slice(0, halo_first_[r], halo_first_[r + 1]));
  }
  group_->exchange(sends, receives);
}

at::Tensor Halo::exchange(const at::Tensor& owned) const {
  if (owned.dim() < 1 || owned.size(0) != num_owned_)
    fail(ErrorKind::usage, "halo", "expected {} owned rows, got {}", num_owned_,
         owned.dim() < 1 ? 0 : owned.size(0));
  const c10::NoGradGuard no_grad;
  std::vector<std::int64_t> shape = owned.sizes().vec();
  shape[0] = static_cast<std::int64_t>(columns_.size());
  at::Tensor features = at::empty(shape, owned.options().requires_grad(false));
  features.slice(0, 0, num_owned_).copy_(owned);
  fill(features);
  return features;
}

graph::Scales Halo::local_scales(const graph::Scales& scales) const {
  const auto pick = [&](const std::vector<float>& values, std::size_t count) {
    std::vector<float> picked;
    if (values.empty()) return picked;
    for (std::size_t i = 0; i < count; ++i) picked.push_back(values[static_cast<std::size_t>(columns_[i])]);
    return picked;
  };
  const auto owned = static_cast<std::size_t>(num_owned_);
  return {pick(scales.row, owned), pick(scales.column, columns_.size()), pick(scales.self, owned)};
}

at::Tensor Halo::propagate_owned(const at::Tensor& owned, const graph::Scales& scales) const {
  if (owned.dim() != 2 || owned.scalar_type() != at::kFloat)
    fail(ErrorKind::usage, "halo", "propagate_owned takes float32 rows [{}, f]", num_owned_);
  const at::Tensor src = exchange(owned);
  at::Tensor dst = at::empty_like(owned, at::MemoryFormat::Contiguous);
  kernels::SpmmTerms terms;
  terms.row = data_or_null(scales.row);
  terms.column = data_or_null(scales.column);
  terms.self = data_or_null(scales.self);
  kernels::spmm(matrix(), owned.size(1), src.data_ptr<float>(), dst.data_ptr<float>(), terms);
  return dst;
}

}  // namespace tern::train
