// Averages over seeds, the Pareto front, and what a study found.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/trial_record.hpp"

namespace tern::report {

/// Cost (energy, bytes, operations) is to be small, accuracy large.
struct Point {
  double cost = 0;
  double accuracy = 0;
};

/// Indices of the points that no other point dominates, by rising cost (equal costs: by index). q dominates p
/// when q.cost <= p.cost, q.accuracy >= p.accuracy and one of the two is strict; equal points are both kept.
/// O(n log n). Errors: NaN in a point (bad_data, with its index).
std::vector<std::size_t> pareto_front(std::span<const Point> points);

/// Mean and sample standard deviation (divisor n - 1) of the measured values; sd is NaN for n < 2, mean for n = 0.
struct Summary {
  std::size_t n = 0;
  double mean = not_measured;
  double sd = not_measured;
};
Summary summarise(std::span<const double> values);

/// Trials that differ in nothing but their seed.
struct Group {
  std::string combination;
  int bits = 0;
  int activation_bits = 32;
  double sparsity = 0;
  std::vector<std::size_t> trials;  ///< indices into the records given
  Summary validation_accuracy, test_accuracy, zeros, energy_mj, cycles, weight_bytes, synops, train_seconds;
  Summary nonzeros, file_bytes, macs, bit_operations;
  /// Test accuracy less that of the trial of baseline_of() with the same seed, a fraction, over the seeds that both
  /// have. Empty for that baseline itself.
  Summary vs_baseline;
  bool on_front = false;            ///< by mean energy and mean VALIDATION accuracy
  bool is_baseline() const { return combination == "baseline"; }
};

/// Groups the records whose status is "done" by (combination, bits, activation bits, sparsity), in order of first
/// appearance, and marks the front among groups with both energy and validation accuracy.
/// Test accuracy influences no order and no mark.
std::vector<Group> group_trials(std::span<const TrialRecord> trials);

/// The group to compare with: the baseline; where there are several, that of most bits. Empty when there is none.
std::optional<std::size_t> baseline_of(std::span<const Group> groups);

/// Indices of the groups on the Pareto front of mean validation accuracy against the mean of `cost`, say
/// &Group::file_bytes, by rising cost. Groups without one of the two are left out.
std::vector<std::size_t> front_by(std::span<const Group> groups, Summary Group::*cost);

/// The test accuracy that a dense network of the study would have in as many bytes: among the baselines and the
/// groups whose combination starts with "dense" (narrower networks, float or plainly quantized), interpolated
/// linearly in log(file_bytes.mean) between the two neighbours; dense groups of equal bytes count as their mean.
/// not_measured where the group has no bytes, or more or fewer than any dense group has, or the dense groups are all
/// of one size.
double dense_of_equal_bytes(std::span<const Group> groups, const Group& group);

/// Of the groups whose mean validation accuracy is at least the baseline's minus `tolerance` (a fraction: 0.01 is one
/// point), the one of least energy (equal: the more accurate). Empty when there is no baseline with an accuracy.
std::optional<std::size_t> cheapest_within(std::span<const Group> groups, double tolerance);

/// What was found, in one to three English sentences: the cheapest group within `tolerance` of the baseline with its
/// energy and accuracies, then joint against cumulative at equal bits and sparsity where both were run.
std::string finding(std::span<const Group> groups, double tolerance);

/// "joint, 2 bit, 80 % zeros", "quantize, 4/8 bit" (weights/activations): how people read a group.
std::string name_of(const Group& group);

/// "4/8": weight bits and activation bits; "mixed/8" where the layers differ (bits 0).
std::string bits_of(const Group& group);

}  // namespace tern::report
