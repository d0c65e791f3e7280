#include "cost/mapping_search.hpp"

#include <algorithm>

namespace tern::cost {
namespace {

using Order = std::array<Dim, num_dims>;
constexpr std::int64_t unbounded = std::int64_t{1} << 40;

/// 1, 2, 4, ... and `limit` itself.
std::vector<std::int64_t> powers_up_to(std::int64_t limit) {
  std::vector<std::int64_t> steps;
  for (std::int64_t step = 1; step < limit; step *= 2) steps.push_back(step);
  steps.push_back(limit);
  return steps;
}

std::int64_t next_power(std::int64_t value, std::int64_t limit) {
  return value >= limit ? unbounded : std::min(value * 2, limit);
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Tiles of `limit` split in 1, 2, 4, ... balanced parts, largest first: fewer parts never waste more.
std::vector<std::int64_t> balanced_splits(std::int64_t limit) {
  std::vector<std::int64_t> tiles{limit};
  for (std::int64_t parts = 2; tiles.back() > 1; parts *= 2)
    if (const auto tile = ceil_div(limit, parts); tile < tiles.back()) tiles.push_back(tile);
  return tiles;
}

/// Loops over groups {T, M, C, PQ} in the given order; R and S are whole inside every tile.
Order expand(const std::array<char, 4>& groups) {
  Order order{};
  std::size_t length = 0;
  for (const char group : groups) {
    if (group == 't') order[length++] = Dim::t;
    if (group == 'm') order[length++] = Dim::m;
    if (group == 'c') order[length++] = Dim::c;
    if (group == 'p') order[length++] = Dim::p, order[length++] = Dim::q;
  }
  order[length++] = Dim::r;
  order[length] = Dim::s;
  return order;
}

std::vector<Order> inner_orders(Dataflow dataflow) {
  if (dataflow == Dataflow::row_stationary)
    return {expand({'t', 'm', 'c', 'p'}), expand({'t', 'c', 'm', 'p'}), expand({'m', 'c', 't', 'p'}),
            expand({'c', 'm', 't', 'p'})};
  return {expand({'t', 'm', 'p', 'c'}), expand({'t', 'p', 'm', 'c'}), expand({'m', 't', 'p', 'c'}),
          expand({'p', 'm', 't', 'c'})};
}

/// All permutations; groups with a single tile are put last, so that orders that differ only there appear
/// once.
std::vector<Order> outer_orders(const Extents& outer) {
  const auto tiles = [&](char group) {
    if (group == 'p') return at(outer, Dim::p) * at(outer, Dim::q);
    return at(outer, group == 't' ? Dim::t : group == 'm' ? Dim::m : Dim::c);
  };
  std::array<char, 4> groups{'c', 'm', 'p', 't'};  // sorted: the first permutation
  const auto looped =
      std::stable_partition(groups.begin(), groups.end(), [&](char g) { return tiles(g) > 1; });
  std::vector<Order> orders;
  do orders.push_back(expand(groups));
  while (std::next_permutation(groups.begin(), looped));
  return orders;
}

class Search {
 public:
  Search(const Workload& workload, const Accelerator& accelerator, Objective objective)
      : work_(workload), accelerator_(accelerator), objective_(objective), bounds_(workload.nest.bounds) {}

  std::optional<MappedKernel> run() {
    for (const Dataflow dataflow : {Dataflow::row_stationary, Dataflow::output_stationary}) {
      Mapping mapping;
      mapping.dataflow = dataflow;
      at(mapping.element, Dim::s) = at(bounds_, Dim::s);
      const bool rows =
          dataflow == Dataflow::row_stationary && at(bounds_, Dim::r) <= accelerator_.array.count();
      at(rows ? mapping.spatial : mapping.element, Dim::r) = at(bounds_, Dim::r);
      try_spatial(mapping);
    }
    return best_;
  }

 private:
  void try_spatial(Mapping mapping) {
    const bool row_stationary = mapping.dataflow == Dataflow::row_stationary;
    const std::array<Dim, 3> dims =
        row_stationary ? std::array{Dim::m, Dim::c, Dim::p} : std::array{Dim::m, Dim::p, Dim::q};
    const std::int64_t places = accelerator_.array.count() / at(mapping.spatial, Dim::r);
    for (const auto a : powers_up_to(at(bounds_, dims[0])))
      for (const auto b : powers_up_to(at(bounds_, dims[1])))
        for (const auto c : powers_up_to(at(bounds_, dims[2]))) {
          if (a * b * c > places) break;
          const bool could_grow = next_power(a, at(bounds_, dims[0])) * b * c <= places ||
                                  a * next_power(b, at(bounds_, dims[1])) * c <= places ||
                                  a * b * next_power(c, at(bounds_, dims[2])) <= places;
          if (could_grow) continue;
          at(mapping.spatial, dims[0]) = a;
          at(mapping.spatial, dims[1]) = b;
          at(mapping.spatial, dims[2]) = c;
          try_element(mapping);
        }
  }

  bool element_fits(std::int64_t m, std::int64_t c, const Mapping& mapping) const {
    const ProcessingArray& array = accelerator_.array;
    const std::int64_t window = c * at(mapping.element, Dim::r) * at(mapping.element, Dim::s);
    return m < unbounded && c < unbounded && window * work_.src_bits <= array.input.capacity_bits() &&
           window * m * work_.weight_bits <= array.weight.capacity_bits() &&
           m * work_.psum_bits <= array.psum.capacity_bits();
  }

  void try_element(Mapping mapping) {
    const auto rest = [&](Dim dim) { return ceil_div(at(bounds_, dim), at(mapping.spatial, dim)); };
    std::int64_t largest_c = 0;
    for (const auto m : balanced_splits(rest(Dim::m)))
      for (const auto c : balanced_splits(rest(Dim::c))) {
        if (!element_fits(m, c, mapping)) continue;
        if (c > largest_c) {  // otherwise a larger m holds as many channels
          largest_c = c;
          at(mapping.element, Dim::m) = m;
          at(mapping.element, Dim::c) = c;
          try_buffer(mapping);
        }
        break;
      }
  }

  /// Buffer tiles of one dimension: whole array tiles, split evenly.
  std::vector<std::int64_t> buffer_tiles(const Mapping& mapping, Dim dim) const {
    const std::int64_t array = at(mapping.element, dim) * at(mapping.spatial, dim), bound = at(bounds_, dim);
    std::vector<std::int64_t> tiles;
    for (const auto count : balanced_splits(ceil_div(bound, array)))
      tiles.push_back(std::min(bound, count * array));
    return tiles;
  }

  void try_buffer(Mapping mapping) {
    mapping.buffer = bounds_;
    const std::int64_t steps = at(bounds_, Dim::t);
    const auto m_tiles = buffer_tiles(mapping, Dim::m), c_tiles = buffer_tiles(mapping, Dim::c);
    const auto p_tiles = buffer_tiles(mapping, Dim::p), q_tiles = buffer_tiles(mapping, Dim::q);
    for (const auto& inner : inner_orders(mapping.dataflow)) {
      mapping.inner_order = inner;
      for (const auto m : m_tiles)
        for (const auto c : {c_tiles.front(), c_tiles.back()}) {
          at(mapping.buffer, Dim::m) = m;
          at(mapping.buffer, Dim::c) = c;
          for (const auto t : {std::int64_t{1}, steps}) {
            at(mapping.buffer, Dim::t) = t;
            try_orders(mapping, p_tiles, q_tiles);
            if (t == steps) break;
          }
          if (c_tiles.size() == 1) break;
        }
    }
  }

  using Tiles = std::vector<std::int64_t>;

  void try_orders(Mapping mapping, const Tiles& p_tiles, const Tiles& q_tiles) {
    Extents outer = tile_counts(bounds_, mapping).outer;
    at(outer, Dim::p) = p_tiles.size() > 1 || q_tiles.size() > 1 ? 2 : 1;  // the image may have to be split
    at(outer, Dim::q) = 1;
    for (const auto& order : outer_orders(outer)) {
      mapping.outer_order = order;
      if (take_largest_image(mapping, p_tiles, q_tiles)) consider(mapping);
    }
  }

  /// The largest P x Q tile that fits: rows are split before columns.
  bool take_largest_image(Mapping& mapping, const Tiles& p_tiles, const Tiles& q_tiles) const {
    for (const auto q : q_tiles)
      for (const auto p : p_tiles) {
        if (q != q_tiles.front() && p != p_tiles.back()) continue;
        at(mapping.buffer, Dim::p) = p;
        at(mapping.buffer, Dim::q) = q;
        if (fits(work_, mapping, accelerator_)) return true;
      }
    return false;
  }

  void consider(const Mapping& mapping) {
    MappedKernel candidate{mapping, count_accesses(work_, mapping, accelerator_)};
    candidate.energy_pj = price(candidate.counts, work_, accelerator_).total_pj();
    candidate.cycles = cycles_of(candidate.counts, accelerator_);
    candidate.score = objective_ == Objective::edp      ? candidate.energy_pj * candidate.cycles
                      : objective_ == Objective::energy ? candidate.energy_pj
                                                        : candidate.cycles;
    if (!best_ || candidate.score < best_->score) best_ = candidate;
  }

  const Workload& work_;
  const Accelerator& accelerator_;
  Objective objective_;
  const Extents& bounds_;
  std::optional<MappedKernel> best_;
};

}  // namespace

std::optional<MappedKernel> search_mapping(const Workload& workload, const Accelerator& accelerator,
                                           Objective objective) {
  return Search(workload, accelerator, objective).run();
}

}  // namespace tern::cost
