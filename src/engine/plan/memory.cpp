#include "engine/plan/memory.hpp"

#include <algorithm>
#include <numeric>

namespace tern::engine {

std::size_t plan_memory(std::vector<Storage>& storages, std::int64_t num_steps) {
  const auto rounded = [&](const Storage& s) { return (s.bytes(num_steps) + 63) / 64 * 64; };
  std::vector<std::size_t> order(storages.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return rounded(storages[a]) > rounded(storages[b]);
  });
  std::size_t total = 0;
  std::vector<std::size_t> placed;  // by begin
  for (const std::size_t index : order) {
    Storage& s = storages[index];
    std::size_t begin = 0;
    for (const std::size_t other : placed) {
      const Storage& o = storages[other];
      if (o.last_step < s.first_step || s.last_step < o.first_step) continue;
      if (begin + rounded(s) <= o.begin) break;
      begin = std::max(begin, o.begin + rounded(o));
    }
    s.begin = begin;
    total = std::max(total, begin + rounded(s));
    placed.insert(std::upper_bound(placed.begin(), placed.end(), index,
                                   [&](std::size_t a, std::size_t b) { return storages[a].begin < storages[b].begin; }),
                  index);
  }
  return total;
}

}  // namespace tern::engine
