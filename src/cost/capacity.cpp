// What a mapping occupies: the capacity side of reuse.hpp.
#include <algorithm>

#include "cost/reuse.hpp"

namespace tern::cost {
namespace {

double product(const Extents& extents, std::initializer_list<Dim> dims) {
  double elements = 1;
  for (const Dim dim : dims) elements *= static_cast<double>(at(extents, dim));
  return elements;
}

double input_tile(const LoopNest& nest, const Extents& tile) {
  const auto side = [&](Dim out, Dim kernel, std::int64_t stride, std::int64_t dilation, std::int64_t src) {
    return std::min(src, (at(tile, out) - 1) * stride + (at(nest.bounds, kernel) - 1) * dilation + 1);
  };
  const auto rows = side(Dim::p, Dim::r, nest.stride_h, nest.dilation_h, nest.src_h);
  const auto columns = side(Dim::q, Dim::s, nest.stride_w, nest.dilation_w, nest.src_w);
  return product(tile, {Dim::c, Dim::t}) * static_cast<double>(rows * columns);
}

bool fits_element(const Workload& work, const Extents& element, const ProcessingArray& array) {
  const double inputs = product(element, {Dim::c, Dim::r, Dim::s}) * work.src_bits;
  const double weights = product(element, {Dim::c, Dim::m, Dim::r, Dim::s}) * work.weight_bits;
  const double psums = product(element, {Dim::m, Dim::p, Dim::q}) * work.psum_bits;
  return inputs <= static_cast<double>(array.input.capacity_bits()) &&
         weights <= static_cast<double>(array.weight.capacity_bits()) &&
         psums <= static_cast<double>(array.psum.capacity_bits());
}

}  // namespace

double buffer_bits(const Workload& work, const Mapping& map, const Accelerator& accelerator) {
  const int last = static_cast<int>(accelerator.memories.size()) - 1;
  const MemoryLevel& buffer = accelerator.memories[static_cast<std::size_t>(last)];
  const LoopNest& nest = work.nest;
  const TileCounts tiles = tile_counts(nest.bounds, map);
  const double groups = static_cast<double>(nest.groups),
               steps = static_cast<double>(at(nest.bounds, Dim::t));
  Extents tile = map.buffer;
  for (std::size_t dim = 0; dim < num_dims; ++dim) tile[dim] = std::min(tile[dim], nest.bounds[dim]);
  const auto lives_here = [&](Tensor tensor) { return work.home_of(tensor) == last; };
  double bits = 0;
  if (buffer.holds_tensor(Tensor::weights))
    bits += work.weight_stored_bits * (lives_here(Tensor::weights)
                                           ? static_cast<double>(nest.weight_elements()) * groups
                                           : product(tile, {Dim::c, Dim::m, Dim::r, Dim::s}));
  if (buffer.holds_tensor(Tensor::inputs))
    bits += work.input_stored_bits * (lives_here(Tensor::inputs)
                                          ? static_cast<double>(nest.src_elements()) * groups
                                          : input_tile(nest, tile));
  if (buffer.holds_tensor(Tensor::outputs)) {
    if (lives_here(Tensor::outputs))
      bits += work.dst_stored_bits * static_cast<double>(nest.dst_elements) * steps;
    if (refetch(Tensor::outputs, map.outer_order, tiles.outer, map.inner_order, tiles.inner) > 1)
      bits += product(tile, {Dim::m, Dim::p, Dim::q, Dim::t}) * work.psum_bits;
  }
  if (buffer.holds_tensor(Tensor::membrane) && nest.neurons > 0) {
    const bool kept = refetch(Tensor::membrane, map.outer_order, tiles.outer) < steps;
    if (work.step_by_step) return bits + work.membrane_resident_bits;
    if (lives_here(Tensor::membrane))
      bits += static_cast<double>(nest.neurons) * work.psum_bits;
    else if (kept)
      bits += product(tile, {Dim::m, Dim::p, Dim::q}) * work.psum_bits;
  }
  return bits + work.membrane_resident_bits;
}

bool fits(const Workload& work, const Mapping& map, const Accelerator& accelerator) {
  if (!fits_element(work, map.element, accelerator.array)) return false;
  std::int64_t elements = 1;
  for (const std::int64_t extent : map.spatial) elements *= extent;
  if (elements > accelerator.array.count()) return false;
  const std::int64_t capacity = accelerator.memories.back().capacity_bytes;
  return capacity == 0 || buffer_bits(work, map, accelerator) <= 8.0 * static_cast<double>(capacity);
}

}  // namespace tern::cost
