#include "train/parallel/process_group.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "base/error.hpp"
#include "learn/torch.hpp"
#include "train/parallel/link.hpp"

namespace tern::train {
namespace {

/// Up to here a bucket goes to everybody at once: two rounds of smaller messages would take longer.
constexpr std::size_t one_round_bytes = std::size_t{1} << 16;
constexpr at::ScalarType summed_types[] = {at::kFloat, at::kDouble, at::kLong};

void check_seconds(std::string_view name, double value) {
  if (!(value > 0) || value > 1e6)
    fail(ErrorKind::usage, "process group", "{} must lie above 0 and below a million, got {}", name, value);
}

double timeout_of(const ProcessGroupOptions& options) {
  double timeout_s = options.timeout_s;
  const char* variable = std::getenv("TERN_TIMEOUT_S");
  if (timeout_s == 0 && variable != nullptr && *variable != '\0') {
    char* end = nullptr;
    timeout_s = std::strtod(variable, &end);
    if (*end != '\0' || !(timeout_s > 0) || timeout_s > 1e6)
      fail(ErrorKind::usage, "environment", "TERN_TIMEOUT_S must be seconds above 0, got '{}'", variable);
  }
  if (timeout_s == 0) return 300;
  check_seconds("timeout_s", timeout_s);
  return timeout_s;
}

std::vector<at::Tensor> for_each_rank(int size, const at::Tensor& tensor) {
  return std::vector<at::Tensor>(static_cast<std::size_t>(size), tensor);
}

}  // namespace

std::unique_ptr<ProcessGroup> ProcessGroup::join(const Placement& placement,
                                                 const ProcessGroupOptions& options) {
  const double timeout_s = timeout_of(options);
  const double join_timeout_s = options.join_timeout_s == 0 ? timeout_s : options.join_timeout_s;
  check_seconds("join_timeout_s", join_timeout_s);
  auto link = placement.size > 1 ? std::make_unique<Link>(placement, timeout_s, join_timeout_s) : nullptr;
  return std::unique_ptr<ProcessGroup>(new ProcessGroup(placement, std::move(link)));
}

ProcessGroup::ProcessGroup(const Placement& placement, std::unique_ptr<Link> link)
    : placement_(placement), link_(std::move(link)) {}

ProcessGroup::~ProcessGroup() = default;

int ProcessGroup::rank() const {
  return placement_.rank;
}
int ProcessGroup::size() const {
  return placement_.size;
}
int ProcessGroup::local_rank() const {
  return placement_.local_rank;
}

void ProcessGroup::exchange(std::string_view what, const std::vector<at::Tensor>& sends,
                            const std::vector<at::Tensor>& receives) {
  if (link_) link_->exchange(what, sends, receives);
}

void ProcessGroup::exchange(const std::vector<at::Tensor>& sends, const std::vector<at::Tensor>& receives) {
  exchange("exchange", sends, receives);
}

void ProcessGroup::abandon(std::string_view reason) {
  if (link_) link_->abandon(reason);
}

void ProcessGroup::reduce_bucket(at::Tensor& bucket) {
  const int n = size();
  const auto me = static_cast<std::size_t>(rank());
  const bool one_round = n == 2 || bucket.nbytes() <= one_round_bytes;
  // With two rounds rank r sums slice r of everybody's bucket, and hands the sum out.
  const std::int64_t length = bucket.numel();
  const auto slice_of = [&](int r) {
    if (one_round) return bucket;
    return bucket.slice(0, length * r / n, length * (r + 1) / n);
  };
  std::vector<at::Tensor> sends, receives;
  for (int r = 0; r < n; ++r) {
    sends.push_back(slice_of(r));
    receives.push_back(r == rank() ? slice_of(r) : at::empty_like(slice_of(rank())));
  }
  exchange("all-reduce", sends, receives);
  at::Tensor sum = receives[0].clone();
  for (std::size_t r = 1; r < receives.size(); ++r) sum.add_(receives[r]);
  sends[me].copy_(sum);
  if (!one_round) exchange("all-reduce", for_each_rank(n, sends[me]), sends);
}

void ProcessGroup::all_reduce_sum(std::vector<at::Tensor>& tensors) {
  for (const at::Tensor& tensor : tensors)
    if (std::find(std::begin(summed_types), std::end(summed_types), tensor.scalar_type()) ==
        std::end(summed_types))
      fail(ErrorKind::usage, "all-reduce", "tensors must be float32, float64 or int64, got {}",
           c10::toString(tensor.scalar_type()));
  if (!link_) return;
  const c10::NoGradGuard no_grad;
  for (const at::ScalarType type : summed_types) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& tensor : tensors)
      if (tensor.scalar_type() == type) flat.push_back(tensor.reshape({-1}));
    if (flat.empty()) continue;
    at::Tensor bucket = at::cat(flat);
    reduce_bucket(bucket);
    std::int64_t first = 0;
    for (at::Tensor& tensor : tensors) {
      if (tensor.scalar_type() != type) continue;
      tensor.copy_(bucket.slice(0, first, first + tensor.numel()).view(tensor.sizes()));
      first += tensor.numel();
    }
  }
}

std::vector<std::string> ProcessGroup::all_gather(std::string_view bytes) {
  const auto as_tensor = [](char* data, std::size_t length) {
    return at::from_blob(data, {static_cast<std::int64_t>(length)}, at::kByte);
  };
  std::string mine(bytes);
  std::vector<std::string> all(static_cast<std::size_t>(size()));
  const at::Tensor lengths =
      all_gather_rows(at::full({1}, static_cast<std::int64_t>(bytes.size()), at::kLong));
  std::vector<at::Tensor> receives;
  for (std::size_t r = 0; r < all.size(); ++r) {
    all[r].resize(static_cast<std::size_t>(lengths[static_cast<std::int64_t>(r)].item<std::int64_t>()));
    receives.push_back(as_tensor(all[r].data(), all[r].size()));
  }
  exchange("all-gather", for_each_rank(size(), as_tensor(mine.data(), mine.size())), receives);
  all[static_cast<std::size_t>(rank())] = std::move(mine);
  return all;
}

at::Tensor ProcessGroup::all_gather_rows(const at::Tensor& rows) {
  if (!link_) return rows.clone();
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> counts(static_cast<std::size_t>(size()));
  for (at::Tensor& count : counts) count = at::full({1}, rows.size(0), at::kLong);
  const at::Tensor count = counts[static_cast<std::size_t>(rank())].clone();
  exchange("all-gather", for_each_rank(size(), count), counts);
  const at::Tensor mine = rows.contiguous();
  std::vector<at::Tensor> receives;
  std::vector<std::int64_t> shape = rows.sizes().vec();
  for (const at::Tensor& rank_count : counts) {
    shape[0] = rank_count.item<std::int64_t>();
    receives.push_back(at::empty(shape, rows.options().requires_grad(false)));
  }
  exchange("all-gather", for_each_rank(size(), mine), receives);
  receives[static_cast<std::size_t>(rank())].copy_(mine);
  return at::cat(receives);
}

void ProcessGroup::broadcast(std::vector<at::Tensor>& tensors, int root) {
  if (root < 0 || root >= size())
    fail(ErrorKind::usage, "broadcast", "the root must be a rank from 0 to {}, got {}", size() - 1, root);
  if (!link_) return;
  const c10::NoGradGuard no_grad;
  for (at::Tensor& tensor : tensors) {
    const at::Tensor message = tensor.contiguous();
    std::vector<at::Tensor> sends = for_each_rank(size(), {}), receives = sends;
    if (rank() == root)
      sends = for_each_rank(size(), message);
    else
      receives[static_cast<std::size_t>(root)] = message;
    exchange("broadcast", sends, receives);
    if (rank() != root && !message.is_same(tensor)) tensor.copy_(message);
  }
}

void ProcessGroup::barrier() {
  any(false);
}

bool ProcessGroup::any(bool flag) {
  std::vector<at::Tensor> count{at::full({1}, flag ? 1 : 0, at::kLong)};
  all_reduce_sum(count);
  return count[0].item<std::int64_t>() > 0;
}

}  // namespace tern::train
