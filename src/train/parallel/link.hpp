// The connections of one rank to all others.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "train/parallel/failure_watch.hpp"
#include "train/parallel/process_group.hpp"

namespace tern::train {

/// Point-to-point messages of c10d's Gloo group. Each call waits on named peers, never on "the collective",
/// so that a failure has a name.
class ProcessGroup::Link {
 public:
  Link(const Placement& placement, double timeout_s, double join_timeout_s);
  ~Link();

  void exchange(std::string_view what, const std::vector<at::Tensor>& sends,
                const std::vector<at::Tensor>& receives);
  void abandon(std::string_view reason);

 private:
  using Works = std::vector<std::pair<int, c10::intrusive_ptr<c10d::Work>>>;  ///< by peer

  void meet(const c10::intrusive_ptr<c10d::Store>& store, const std::string& name, double join_timeout_s);
  void post(const std::vector<at::Tensor>& sends, const std::vector<at::Tensor>& receives, Works& works);
  void wait(std::string_view what, Works& works);
  std::string name_of(int rank) const;
  std::string store_owner() const;
  std::string lateness(std::string_view what) const;
  /// Settles with the group what has happened after trouble with `peer`, and throws it.
  [[noreturn]] void fail_on(int peer, const std::string& words);

  Placement placement_;
  double timeout_s_;
  int num_exceptions_;  ///< unwinding when this was made
  std::uint32_t sequence_ = 0;
  std::string failure_;  ///< why no call can succeed any more
  std::unique_ptr<FailureWatch> watch_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_;
};

}  // namespace tern::train
