// What a study found, in words. Declared in pareto.hpp.
#include <cmath>

#include <fmt/format.h>

#include "report/pareto.hpp"

namespace tern::report {
namespace {

std::string percent(double fraction) { return fmt::format("{:.1f} %", 100 * fraction); }

std::string energy_text(double mj) {
  if (mj >= 1) return fmt::format("{:.3g} mJ", mj);
  if (mj >= 1e-3) return fmt::format("{:.3g} µJ", 1e3 * mj);
  return fmt::format("{:.3g} nJ", 1e6 * mj);
}

std::string with_test(const Group& group) {
  return group.test_accuracy.n == 0 ? std::string() : fmt::format(", test {}", percent(group.test_accuracy.mean));
}

std::string points_text(double fraction) {
  return fmt::format("{:g} {}", 100 * fraction, fraction == 0.01 ? "point" : "points");
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string ratio_of(double baseline, double best) {
  if (!(baseline > 0) || !(best > 0)) return "";
  return fmt::format(", {:.1f} times less energy than the baseline", baseline / best);
}

std::string about_cheapest(std::span<const Group> groups, double tolerance) {
  const auto at = cheapest_within(groups, tolerance);
  if (!at) return "There is no finished baseline with an accuracy and an energy to compare with yet.";
  const Group& best = groups[*at];
  const Group& baseline = groups[*baseline_of(groups)];
  if (best.is_baseline())
    return fmt::format("No plan stays within {} of the baseline's validation accuracy ({}) for less energy.",
                       points_text(tolerance), percent(baseline.validation_accuracy.mean));
  return fmt::format("{} needs the least energy within {} of the baseline: {} a sample{}, at {} "
                     "validation accuracy{} (baseline {}{}).",
                     capitalised(name_of(best)), points_text(tolerance), energy_text(best.energy_mj.mean),
                     ratio_of(baseline.energy_mj.mean, best.energy_mj.mean), percent(best.validation_accuracy.mean),
                     with_test(best), percent(baseline.validation_accuracy.mean), with_test(baseline));
}

std::string about_joint(std::span<const Group> groups) {
  int pairs = 0, better = 0;
  double gain = 0;
  for (const Group& joint : groups)
    for (const Group& cumulative : groups) {
      if (joint.combination != "joint" || cumulative.combination != "cumulative") continue;
      if (joint.bits != cumulative.bits || joint.activation_bits != cumulative.activation_bits) continue;
      if (joint.sparsity != cumulative.sparsity) continue;
      const double difference = joint.validation_accuracy.mean - cumulative.validation_accuracy.mean;
      if (std::isnan(difference)) continue;
      ++pairs;
      better += difference > 0;
      gain += difference;
    }
  if (pairs == 0) return "";
  return fmt::format(" At equal bits and sparsity, joint compression is more accurate than cumulative in {} of {} {} "
                     "({:+.1f} points on average).",
                     better, pairs, pairs == 1 ? "pair" : "pairs", 100 * gain / pairs);
}

}  // namespace

std::string name_of(const Group& group) {
  std::string name = group.combination;
  if (group.activation_bits < 32) name += fmt::format(", {} bit", bits_of(group));
  else if (group.bits > 0) name += group.bits >= 32 ? ", float" : fmt::format(", {} bit", group.bits);
  if (group.sparsity > 0) name += fmt::format(", {:g} % zeros", std::round(1000 * group.sparsity) / 10);
  return name;
}

std::string bits_of(const Group& group) {
  return fmt::format("{}/{}", group.bits > 0 ? std::to_string(group.bits) : "mixed", group.activation_bits);
}

std::string finding(std::span<const Group> groups, double tolerance) {
  return about_cheapest(groups, tolerance) + about_joint(groups);
}

}  // namespace tern::report
