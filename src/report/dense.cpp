// What a dense network of equal size would reach. Declared in pareto.hpp.
#include <cmath>
#include <iterator>
#include <map>

#include "report/pareto.hpp"

namespace tern::report {
namespace {

struct Mean {
  double sum = 0;
  int n = 0;
  double value() const { return sum / n; }
};

bool is_dense(const Group& group) {
  return (group.is_baseline() || group.combination.starts_with("dense")) && group.test_accuracy.n > 0 &&
         group.file_bytes.mean > 0;
}

}  // namespace

double dense_of_equal_bytes(std::span<const Group> groups, const Group& group) {
  std::map<double, Mean> accuracy_of_bytes;
  for (const Group& other : groups) {
    if (!is_dense(other)) continue;
    Mean& mean = accuracy_of_bytes[other.file_bytes.mean];
    mean.sum += other.test_accuracy.mean;
    ++mean.n;
  }
  const double bytes = group.file_bytes.mean;
  if (std::isnan(bytes) || accuracy_of_bytes.size() < 2) return not_measured;
  const auto above = accuracy_of_bytes.lower_bound(bytes);
  if (above == accuracy_of_bytes.end()) return not_measured;
  if (above->first == bytes) return above->second.value();
  if (above == accuracy_of_bytes.begin()) return not_measured;
  const auto below = std::prev(above);
  const double along = std::log(bytes / below->first) / std::log(above->first / below->first);
  return below->second.value() + along * (above->second.value() - below->second.value());
}

}  // namespace tern::report
