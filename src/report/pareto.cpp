#include "report/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include <fmt/format.h>

#include "base/error.hpp"

namespace tern::report {

std::vector<std::size_t> pareto_front(std::span<const Point> points) {
  for (std::size_t i = 0; i < points.size(); ++i)
    if (std::isnan(points[i].cost) || std::isnan(points[i].accuracy))
      fail(ErrorKind::bad_data, "Pareto front", "point {}: cost {} and accuracy {}: expected numbers", i,
           points[i].cost, points[i].accuracy);
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (points[a].cost != points[b].cost) return points[a].cost < points[b].cost;
    if (points[a].accuracy != points[b].accuracy) return points[a].accuracy > points[b].accuracy;
    return a < b;
  });
  // By rising cost, a point is on the front when it is more accurate than all before it, or equal to the last kept.
  std::vector<std::size_t> front;
  for (const std::size_t i : order) {
    const Point* last = front.empty() ? nullptr : &points[front.back()];
    const bool equal = last && last->cost == points[i].cost && last->accuracy == points[i].accuracy;
    if (!last || points[i].accuracy > last->accuracy || equal) front.push_back(i);
  }
  return front;
}

Summary summarise(std::span<const double> values) {
  Summary summary;
  double sum = 0;
  for (const double value : values)
    if (!std::isnan(value)) sum += value, ++summary.n;
  if (summary.n == 0) return summary;
  summary.mean = sum / static_cast<double>(summary.n);
  if (summary.n < 2) return summary;
  double squares = 0;
  for (const double value : values)
    if (!std::isnan(value)) squares += (value - summary.mean) * (value - summary.mean);
  summary.sd = std::sqrt(squares / static_cast<double>(summary.n - 1));
  return summary;
}

namespace {

Summary summary_of(std::span<const TrialRecord> trials, const Group& group, double TrialRecord::*field) {
  std::vector<double> values;
  for (const std::size_t i : group.trials) values.push_back(trials[i].*field);
  return summarise(values);
}

void summarise_fields(std::span<const TrialRecord> trials, Group& group) {
  group.validation_accuracy = summary_of(trials, group, &TrialRecord::validation_accuracy);
  group.test_accuracy = summary_of(trials, group, &TrialRecord::test_accuracy);
  group.zeros = summary_of(trials, group, &TrialRecord::zeros);
  group.energy_mj = summary_of(trials, group, &TrialRecord::energy_mj);
  group.cycles = summary_of(trials, group, &TrialRecord::cycles);
  group.weight_bytes = summary_of(trials, group, &TrialRecord::weight_bytes);
  group.synops = summary_of(trials, group, &TrialRecord::synops);
  group.train_seconds = summary_of(trials, group, &TrialRecord::train_seconds);
  group.nonzeros = summary_of(trials, group, &TrialRecord::nonzeros);
  group.file_bytes = summary_of(trials, group, &TrialRecord::file_bytes);
  group.macs = summary_of(trials, group, &TrialRecord::macs);
  group.bit_operations = summary_of(trials, group, &TrialRecord::bit_operations);
}

void compare_with_baseline(std::span<const TrialRecord> trials, std::vector<Group>& groups) {
  const auto baseline = baseline_of(groups);
  if (!baseline) return;
  std::map<std::uint64_t, double> accuracy_of_seed;
  for (const std::size_t i : groups[*baseline].trials) accuracy_of_seed[trials[i].seed] = trials[i].test_accuracy;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == *baseline) continue;
    std::vector<double> differences;
    for (const std::size_t j : groups[i].trials)
      if (const auto twin = accuracy_of_seed.find(trials[j].seed); twin != accuracy_of_seed.end())
        differences.push_back(trials[j].test_accuracy - twin->second);
    groups[i].vs_baseline = summarise(differences);
  }
}

bool has_point(const Group& group) { return group.energy_mj.n > 0 && group.validation_accuracy.n > 0; }

}  // namespace

std::vector<Group> group_trials(std::span<const TrialRecord> trials) {
  std::vector<Group> groups;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const TrialRecord& trial = trials[i];
    if (trial.status != "done") continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& known) {
      return known.combination == trial.combination && known.bits == trial.bits &&
             known.activation_bits == trial.activation_bits && known.sparsity == trial.sparsity;
    });
    if (group == groups.end()) {
      group = groups.emplace(groups.end());
      group->combination = trial.combination;
      group->bits = trial.bits;
      group->activation_bits = trial.activation_bits;
      group->sparsity = trial.sparsity;
    }
    group->trials.push_back(i);
  }
  for (Group& group : groups) summarise_fields(trials, group);
  compare_with_baseline(trials, groups);
  for (const std::size_t i : front_by(groups, &Group::energy_mj)) groups[i].on_front = true;
  return groups;
}

std::vector<std::size_t> front_by(std::span<const Group> groups, Summary Group::*cost) {
  std::vector<Point> points;
  std::vector<std::size_t> of_point;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if ((groups[i].*cost).n == 0 || groups[i].validation_accuracy.n == 0) continue;
    points.push_back({(groups[i].*cost).mean, groups[i].validation_accuracy.mean});
    of_point.push_back(i);
  }
  std::vector<std::size_t> front;
  for (const std::size_t i : pareto_front(points)) front.push_back(of_point[i]);
  return front;
}

std::optional<std::size_t> baseline_of(std::span<const Group> groups) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (groups[i].is_baseline() && (!found || groups[i].bits > groups[*found].bits)) found = i;
  return found;
}

std::optional<std::size_t> cheapest_within(std::span<const Group> groups, double tolerance) {
  const auto baseline = baseline_of(groups);
  if (!baseline || groups[*baseline].validation_accuracy.n == 0) return std::nullopt;
  // A billionth forgives the rounding of means: 0.93 - 0.01 is not above 0.92.
  const double enough = groups[*baseline].validation_accuracy.mean - tolerance - 1e-9;
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!has_point(groups[i]) || groups[i].validation_accuracy.mean < enough) continue;
    const auto rank = [&](std::size_t j) {
      return std::pair(groups[j].energy_mj.mean, -groups[j].validation_accuracy.mean);
    };
    if (!best || rank(i) < rank(*best)) best = i;
  }
  return best;
}

}  // namespace tern::report
