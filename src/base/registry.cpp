#include "base/registry.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"

namespace tern {
namespace {

constexpr std::size_t longest_hinted = 100;  // names come from files, and the distance takes their product

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  std::string best;
  if (name.size() > longest_hinted) return best;
  std::size_t best_distance = std::max<std::size_t>(1, std::max<std::size_t>(name.size(), 6) / 3);
  for (const auto& candidate : candidates) {
    const std::size_t longer = std::max(name.size(), candidate.size());
    if (longer - std::min(name.size(), candidate.size()) > best_distance) continue;  // the least that their distance can be
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance || (best.empty() && distance == best_distance)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

void fail_unknown(std::string_view kind, std::string_view name, std::span<const std::string> known,
                  std::string_view place) {
  const std::string nearest = nearest_name(name, known);
  const std::string hint = nearest.empty() ? std::string() : fmt::format(": did you mean '{}'?", nearest);
  fail(ErrorKind::usage, place, "unknown {} '{}'{} (known: {})", kind, name, hint, fmt::join(known, ", "));
}

}  // namespace tern
