// Averages over seeds, the Pareto front, and what a study found.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/trial_record.hpp"

namespace tern::report {

/// Energy is to be small, accuracy large.
struct Point {
  double energy = 0;
  double accuracy = 0;
};

/// Indices of the points that no other point dominates, by rising energy (equal energies: by index). q dominates p
/// when q.energy <= p.energy, q.accuracy >= p.accuracy and one of the two is strict; equal points are both kept.
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
  double sparsity = 0;
  std::vector<std::size_t> trials;  ///< indices into the records given
  Summary validation_accuracy, test_accuracy, zeros, energy_mj, cycles, weight_bytes, synops, train_seconds;
  bool on_front = false;            ///< by mean energy and mean VALIDATION accuracy
  bool is_baseline() const { return combination == "baseline"; }
};

/// Groups the records whose status is "done" by (combination, bits, sparsity), in order of first appearance, and marks
/// the front among groups with both energy and validation accuracy. Test accuracy influences no order and no mark.
std::vector<Group> group_trials(std::span<const TrialRecord> trials);

/// The group to compare with: the baseline; where there are several, that of most bits. Empty when there is none.
std::optional<std::size_t> baseline_of(std::span<const Group> groups);

/// Of the groups whose mean validation accuracy is at least the baseline's minus `tolerance` (a fraction: 0.01 is one
/// point), the one of least energy (equal: the more accurate). Empty when there is no baseline with an accuracy.
std::optional<std::size_t> cheapest_within(std::span<const Group> groups, double tolerance);

/// What was found, in one to three English sentences: the cheapest group within `tolerance` of the baseline with its
/// energy and accuracies, then joint against cumulative at equal bits and sparsity where both were run.
std::string finding(std::span<const Group> groups, double tolerance);

/// "joint, 2 bit, 80 % zeros": how people read a group.
std::string name_of(const Group& group);

}  // namespace tern::report
