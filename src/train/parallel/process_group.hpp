// Processes that train one model together, over torch.distributed's c10d with Gloo.
//
// A group is passed by pointer: null, and a group of one, mean a single process that needs no network. Every
// rank makes the same calls in the same order, from one thread. The pieces built on it: data_parallel.hpp
// (gradients), halo.hpp (rows of a graph), cluster_owner.hpp (clusters).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "train/parallel/placement.hpp"

namespace tern::train {

struct ProcessGroupOptions {
  /// Longest time to wait for another rank in each call; > 0. 0: TERN_TIMEOUT_S, else 300. It must exceed
  /// what any rank does alone between two calls (validation, writing a checkpoint).
  double timeout_s = 0;
  double join_timeout_s = 0;  ///< the same for the others to come; 0: as timeout_s
};

/// A joined group.
///
/// Failures: where a rank is killed, hangs or leaves on an error, the call that every other rank is in, or
/// makes next, throws ErrorKind::io, "rank 1 of 2 stopped answering (Connection closed by peer ...)" or
/// "(nothing for 300 s)", and so does every call after it. The first rank to notice tells the others through
/// the store, so that all name the same rank; ranks whose own store has gone name the rank that served it. A
/// killed rank is noticed within a second, a stopped one after timeout_s. Nothing that the caller holds is
/// changed by a call that throws, except destinations of that call: a checkpoint written then is as good as
/// one written before.
///
/// Sums are taken in rank order, x_0 + x_1 + ... in the tensors' own type, whichever message comes first, and
/// are the same bits on all ranks and in every run.
class ProcessGroup {
 public:
  /// Meets the other ranks. SIGPIPE is ignored from then on where nobody handled it, since Gloo writes to
  /// closed sockets. Traffic runs over GLOO_SOCKET_IFNAME where set, the loopback where the host is one, else
  /// this host's own address. Errors: usage for a timeout that is no positive number, or two processes with
  /// the same rank; io naming the ranks that did not come, or an address that cannot be used.
  static std::unique_ptr<ProcessGroup> join(const Placement& placement = placement_from_environment(),
                                            const ProcessGroupOptions& options = {});
  /// Leaves; rank 0 waits up to ten seconds for the others to have left. While an exception unwinds, the
  /// group is told.
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const;
  int size() const;
  int local_rank() const;

  /// Replaces each tensor by its sum over the ranks: one bucket for each dtype.
  /// REQUIRES: the same shapes on all ranks; float32, float64 or int64.
  void all_reduce_sum(std::vector<at::Tensor>& tensors);
  /// Element r is what rank r gave; lengths may differ.
  std::vector<std::string> all_gather(std::string_view bytes);
  /// rows [n_r, ...] of every rank, rank after rank: [sum of n_r, ...]. REQUIRES: dtype and other extents are
  /// the same.
  at::Tensor all_gather_rows(const at::Tensor& rows);
  /// Replaces each tensor by that of rank `root`. REQUIRES: the same shapes and dtypes.
  void broadcast(std::vector<at::Tensor>& tensors, int root);
  /// Returns when every rank has called it.
  void barrier();
  /// Whether any rank said so: how ranks agree to stop after Ctrl-C.
  bool any(bool flag);
  /// Sends sends[r] to rank r and fills receives[r] with what r sent here. Undefined or empty tensors are
  /// left out; so is this rank's own entry. REQUIRES: both have size() entries, contiguous; byte counts agree
  /// between the two ends.
  void exchange(const std::vector<at::Tensor>& sends, const std::vector<at::Tensor>& receives);

  /// Ends the job on the other ranks with "rank R of N gave up: REASON". For a handler that caught a local
  /// error.
  void abandon(std::string_view reason);

 private:
  class Link;
  ProcessGroup(const Placement& placement, std::unique_ptr<Link> link);
  void exchange(std::string_view what, const std::vector<at::Tensor>& sends,
                const std::vector<at::Tensor>& receives);
  void reduce_bucket(at::Tensor& bucket);

  Placement placement_;
  std::unique_ptr<Link> link_;  ///< null in a group of one
};

}  // namespace tern::train
