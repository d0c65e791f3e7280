#include "cost/reuse.hpp"

#include <algorithm>

namespace tern::cost {
namespace {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// Which loops index a tensor. Rows and columns of the kernel lie inside every tile, so R and S count for
/// weights only.
constexpr bool indexes(Tensor tensor, Dim dim) {
  switch (tensor) {
    case Tensor::weights:
      return dim == Dim::c || dim == Dim::m || dim == Dim::r || dim == Dim::s;
    case Tensor::inputs:
      return dim == Dim::c || dim == Dim::p || dim == Dim::q || dim == Dim::t;
    case Tensor::outputs:
      return dim == Dim::m || dim == Dim::p || dim == Dim::q || dim == Dim::t;
    case Tensor::membrane:
      return dim == Dim::m || dim == Dim::p || dim == Dim::q;
  }
  return false;
}

/// Runs inward-out over loops and multiplies those that force a tensor to come again. Membranes are touched
/// only when a sum is complete: loops over C do not move them.
struct RefetchWalk {
  Tensor tensor;
  double factor = 1;
  bool indexed_inside = false;

  void loops(const std::array<Dim, num_dims>& order, const Extents& counts) {
    for (auto dim = order.rbegin(); dim != order.rend(); ++dim) {
      const std::int64_t count = at(counts, *dim);
      if (count <= 1 || (tensor == Tensor::membrane && *dim == Dim::c)) continue;
      if (indexes(tensor, *dim))
        indexed_inside = true;
      else if (indexed_inside)
        factor *= static_cast<double>(count);
    }
  }
};

/// Input rows (or columns) that `tiles` tiles read together: each reads its reach, neighbours overlap,
/// padding is free.
double halo(std::int64_t out, std::int64_t tiles, std::int64_t stride, std::int64_t kernel,
            std::int64_t dilation, std::int64_t src) {
  const std::int64_t reach = (kernel - 1) * dilation + 1;
  const std::int64_t padding = std::max<std::int64_t>(0, (out - 1) * stride + reach - src);
  const std::int64_t rows = (out - tiles) * stride + tiles * reach - padding;
  return static_cast<double>(std::clamp<std::int64_t>(rows, 1, tiles * src));
}

double halo_rows(const LoopNest& nest, std::int64_t tiles) {
  return halo(at(nest.bounds, Dim::p), tiles, nest.stride_h, at(nest.bounds, Dim::r), nest.dilation_h,
              nest.src_h);
}

double halo_columns(const LoopNest& nest, std::int64_t tiles) {
  return halo(at(nest.bounds, Dim::q), tiles, nest.stride_w, at(nest.bounds, Dim::s), nest.dilation_w,
              nest.src_w);
}

double bound(const LoopNest& nest, Dim dim) {
  return static_cast<double>(at(nest.bounds, dim));
}

/// The counting itself, one tensor a function. Everything is of one group until finish().
class Counter {
 public:
  Counter(const Workload& workload, const Mapping& mapping, const Accelerator& accelerator)
      : work_(workload),
        nest_(workload.nest),
        map_(mapping),
        accelerator_(accelerator),
        tiles_(tile_counts(workload.nest.bounds, mapping)) {}

  AccessCounts run() {
    weights();
    inputs();
    outputs();
    membrane();
    arithmetic();
    for (auto* table : {&counts_.read_bits, &counts_.write_bits})
      for (auto& level : *table)
        for (std::size_t tensor = 0; tensor < 4; ++tensor)
          if (tensor != static_cast<std::size_t>(Tensor::membrane)) level[tensor] *= groups();
    return counts_;
  }

  AccessCounts run_neurons() {
    membrane();
    return counts_;
  }

 private:
  double groups() const { return static_cast<double>(nest_.groups); }
  double spatial(Dim dim) const { return static_cast<double>(at(map_.spatial, dim)); }
  double& read(int level, Tensor tensor) {
    return counts_.read_bits[static_cast<std::size_t>(level)][static_cast<std::size_t>(tensor)];
  }
  double& write(int level, Tensor tensor) {
    return counts_.write_bits[static_cast<std::size_t>(level)][static_cast<std::size_t>(tensor)];
  }
  double refetch_buffer(Tensor tensor) const { return refetch(tensor, map_.outer_order, tiles_.outer); }
  double refetch_array(Tensor tensor) const {
    return refetch(tensor, map_.outer_order, tiles_.outer, map_.inner_order, tiles_.inner);
  }

  void weights() {
    const double elements = static_cast<double>(nest_.weight_elements());
    const int home = work_.home_of(Tensor::weights), inner = work_.inner_of(Tensor::weights);
    if (home != inner) {
      const double bits = elements * refetch_buffer(Tensor::weights) * work_.weight_stored_bits;
      read(home, Tensor::weights) += bits;
      write(inner, Tensor::weights) += bits;
    }
    const double fetched = elements * refetch_array(Tensor::weights);
    read(inner, Tensor::weights) += fetched * work_.weight_stored_bits;
    const double delivered = fetched * spatial(Dim::p) * spatial(Dim::q) * groups();
    counts_.noc_bits += delivered * work_.weight_stored_bits;
    counts_.spad_write_bits[0] += delivered * work_.weight_bits;
    counts_.decoded_values += delivered * work_.weight_nonzeros;
  }

  void inputs() {
    const double planes = bound(nest_, Dim::c) * bound(nest_, Dim::t);
    const int home = work_.home_of(Tensor::inputs), inner = work_.inner_of(Tensor::inputs);
    if (home != inner) {
      const double elements = planes * halo_rows(nest_, at(tiles_.outer, Dim::p)) *
                              halo_columns(nest_, at(tiles_.outer, Dim::q)) * refetch_buffer(Tensor::inputs);
      read(home, Tensor::inputs) += elements * work_.input_stored_bits;
      write(inner, Tensor::inputs) += elements * work_.input_stored_bits;
    }
    // A row that slides under a stationary kernel enters an element once; other tiles bring their whole
    // reach.
    const bool slides = map_.dataflow == Dataflow::row_stationary;
    const std::int64_t p_tiles = at(tiles_.outer, Dim::p) * at(tiles_.inner, Dim::p);
    const std::int64_t q_tiles = at(tiles_.outer, Dim::q) * (slides ? 1 : at(tiles_.inner, Dim::q));
    const double again = refetch_array(Tensor::inputs), columns = halo_columns(nest_, q_tiles);
    read(inner, Tensor::inputs) +=
        planes * halo_rows(nest_, p_tiles) * columns * again * work_.input_stored_bits;
    const double windows = bound(nest_, Dim::p) * bound(nest_, Dim::r) *
                           (slides ? columns : bound(nest_, Dim::q) * bound(nest_, Dim::s));
    const double delivered = planes * windows * again * spatial(Dim::m) * groups();
    counts_.noc_bits += delivered * work_.input_stored_bits;
    counts_.spad_write_bits[1] += delivered * work_.src_bits;
    counts_.decoded_values += delivered * work_.input_nonzeros;
  }

  void outputs() {
    const double psums = static_cast<double>(nest_.dst_psums());
    const int home = work_.home_of(Tensor::outputs), inner = work_.inner_of(Tensor::outputs);
    const double visits = refetch_array(Tensor::outputs), visits_buffer = refetch_buffer(Tensor::outputs);
    const double again = (visits - 1) * psums * work_.psum_bits;
    read(inner, Tensor::outputs) += again;
    write(inner, Tensor::outputs) += again;
    // Partial sums larger than the buffer go out further.
    const int outermost = first_level(Tensor::outputs);
    if (outermost != inner) {
      const double spilled = (visits_buffer - 1) * psums * work_.psum_bits;
      read(outermost, Tensor::outputs) += spilled;
      write(outermost, Tensor::outputs) += spilled;
    }
    counts_.noc_bits +=
        (visits * spatial(Dim::c) * spatial(Dim::r) + (visits - 1)) * psums * work_.psum_bits * groups();
    const double handed_on = static_cast<double>(nest_.dst_elements) / groups() * bound(nest_, Dim::t);
    write(home, Tensor::outputs) += handed_on * work_.dst_stored_bits;
  }

  int first_level(Tensor tensor) const {
    for (std::size_t level = 0; level < accelerator_.memories.size(); ++level)
      if (accelerator_.memories[level].holds_tensor(tensor)) return static_cast<int>(level);
    return 0;
  }

  void membrane() {
    if (nest_.neurons == 0) return;
    const double state = static_cast<double>(nest_.neurons) * work_.psum_bits, steps = bound(nest_, Dim::t);
    const int home = work_.home_of(Tensor::membrane), inner = work_.inner_of(Tensor::membrane);
    double visits = steps;
    if (home != inner) {
      // Step by step every visit starts from the home level; otherwise a membrane starts at rest on chip.
      visits = work_.step_by_step ? steps : refetch_buffer(Tensor::membrane) - 1;
      read(home, Tensor::membrane) += visits * state;
      write(home, Tensor::membrane) += visits * state;
      if (work_.step_by_step || visits + 1 >= steps) return;
    }
    read(inner, Tensor::membrane) += steps * state;
    write(inner, Tensor::membrane) += steps * state;
  }

  void arithmetic() {
    const double macs = static_cast<double>(nest_.macs());
    const double of_weights = work_.weight_factor, of_inputs = work_.input_factor;
    counts_.effectual_macs = macs * of_weights * of_inputs;
    counts_.spad_read_bits[0] += macs * of_inputs * (work_.weights_skip ? of_weights : 1) * work_.weight_bits;
    counts_.spad_read_bits[1] += macs * of_weights * (work_.inputs_skip ? of_inputs : 1) * work_.src_bits;
    counts_.spad_read_bits[2] += counts_.effectual_macs * work_.psum_bits;
    counts_.spad_write_bits[2] += counts_.effectual_macs * work_.psum_bits;
    double cycles = groups() / accelerator_.array.macs_per_cycle;
    for (std::size_t dim = 0; dim < num_dims; ++dim)
      cycles *= static_cast<double>(ceil_div(nest_.bounds[dim], tiles_.array[dim]) * map_.element[dim]);
    cycles = std::max(cycles, 1.0);
    const double places = static_cast<double>(accelerator_.array.count()) * accelerator_.array.macs_per_cycle;
    counts_.utilization = std::min(1.0, macs / (cycles * places));
    counts_.compute_cycles =
        cycles * (work_.weights_skip ? of_weights : 1) * (work_.inputs_skip ? of_inputs : 1);
  }

  const Workload& work_;
  const LoopNest& nest_;
  const Mapping& map_;
  const Accelerator& accelerator_;
  TileCounts tiles_;
  AccessCounts counts_;
};

}  // namespace

TileCounts tile_counts(const Extents& bounds, const Mapping& mapping) {
  TileCounts tiles;
  for (std::size_t dim = 0; dim < num_dims; ++dim) {
    tiles.array[dim] = mapping.element[dim] * mapping.spatial[dim];
    const std::int64_t buffer = std::min(mapping.buffer[dim], bounds[dim]);
    tiles.outer[dim] = ceil_div(bounds[dim], buffer);
    tiles.inner[dim] = ceil_div(buffer, tiles.array[dim]);
  }
  return tiles;
}

double refetch(Tensor tensor, const std::array<Dim, num_dims>& order, const Extents& counts) {
  RefetchWalk walk{tensor};
  walk.loops(order, counts);
  return walk.factor;
}

double refetch(Tensor tensor, const std::array<Dim, num_dims>& outer_order, const Extents& outer,
               const std::array<Dim, num_dims>& inner_order, const Extents& inner) {
  RefetchWalk walk{tensor};
  walk.loops(inner_order, inner);
  walk.loops(outer_order, outer);
  return walk.factor;
}

AccessCounts count_accesses(const Workload& workload, const Mapping& mapping,
                            const Accelerator& accelerator) {
  return Counter(workload, mapping, accelerator).run();
}

AccessCounts count_neuron_accesses(const Workload& workload, const Accelerator& accelerator) {
  const Mapping mapping;
  return Counter(workload, mapping, accelerator).run_neurons();
}

}  // namespace tern::cost
