// How sparsity changes during a phase of training.
#pragma once

#include <string_view>
#include <vector>

#include "base/registry.hpp"

namespace tern::compress {

/// What schedules are told.
struct ScheduleOptions {
  double target = 0.0;  ///< sparsity asked, [0, 1)
  int iterations = 5;   ///< rounds, of those that have any; at least 1
};

/// Sparsity that holds from the moment on at which a share `progress` in [0, 1] of the phase's steps has been
/// trained.
using SparsitySchedule = double (*)(double progress, const ScheduleOptions& options);

struct SparsityScheduleRow {
  MethodInfo info;
  SparsitySchedule sparsity;
  bool gradual =
      false;  ///< changes all the time, not in a few jumps: followed at some 64 moments of the phase
  bool rewinds = false;  ///< after each jump training starts again from earlier values
};

/// Share of a phase in which gradual schedules and sparse training change masks; the rest recovers with fixed
/// ones.
inline constexpr double pruning_share = 0.75;

/// With target s, n iterations and progress p:
/// oneshot: s from the start.
/// iterative: n rounds of equal length, each of which starts by pruning; density falls by the same factor
/// every time, to
///   (1 - s)^(r/n) in round r = 1..n. Han et al. 2015, Learning both Weights and Connections (the number and
///   sizes of their rounds are set by hand).
/// cubic: s (1 - (1 - p/0.75)^3), from 0 until three quarters of the phase, then s. Zhu and Gupta 2017, To
/// Prune or Not
///   to Prune, eq. 1 with s_i = 0.
/// lottery: n + 1 rounds, the first n over half the phase: dense at first, then pruned as by `iterative` with
/// all values
///   put back to those of an early step after each pruning; the last round trains for the other half. Frankle
///   and Carbin 2019, The Lottery Ticket Hypothesis; rewinding to a step above 0: Frankle et al. 2020, Linear
///   Mode Connectivity. Their rounds are whole trainings: ours are parts of one phase and of its one
///   learning-rate schedule.
/// dsd: dense, sparse at s, dense again (released weights start at 0), a third each. Han et al. 2017, DSD:
/// the result is
///   dense, its purpose a better minimum; follow it with another step to compress.
/// acdc: n times dense then sparse at s, in equal parts; ends sparse. Peste et al. 2021, AC/DC (without their
/// longer
///   first and last parts).
const std::vector<SparsityScheduleRow>& sparsity_schedule_table();
/// Errors: ErrorKind::usage with the nearest known name.
const SparsityScheduleRow& find_sparsity_schedule(std::string_view name);

}  // namespace tern::compress
