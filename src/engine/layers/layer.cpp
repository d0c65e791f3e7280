#include "engine/layers/layer.hpp"

#include <algorithm>

#include "kernels/event/neuron_rows.hpp"

namespace tern::engine {
namespace {

/// Rows whose currents of all steps stay in the second cache.
std::int64_t rows_at_a_time(const kernels::ConvShape& shape, std::int64_t num_steps) {
  constexpr std::int64_t current_bytes = 256 << 10;
  return std::clamp<std::int64_t>(current_bytes / (4 * num_steps * shape.out_w * shape.oc), 1, shape.out_h);
}

std::size_t whole_lines(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

std::size_t Layer::spiking_scratch_bytes(std::int64_t num_steps) const {
  const kernels::ConvShape shape = spiking_facts().shape;
  const std::int64_t floats = num_steps * rows_at_a_time(shape, num_steps) * shape.out_w * shape.oc;
  return whole_lines(scratch_bytes()) + whole_lines(static_cast<std::size_t>(floats) * sizeof(float) + 64);
}

void Layer::run_spiking(const void* src, const kernels::EventLayer& layer, const kernels::Epilogue& epilogue,
                        std::int64_t first, std::int64_t last, void* scratch) const {
  const Facts facts = spiking_facts();
  const kernels::ConvShape& shape = facts.shape;
  const std::int64_t rows = rows_at_a_time(shape, layer.num_steps), row = shape.out_w * shape.oc;
  auto* const currents = reinterpret_cast<float*>(static_cast<std::byte*>(scratch) + whole_lines(scratch_bytes()));
  for (std::int64_t y = first; y < last; y += rows) {
    const std::int64_t count = std::min(rows, last - y);
    for (std::int64_t t = 0; t < layer.num_steps; ++t) {
      kernels::Epilogue part = epilogue;
      part.floats = {currents + (t * count - y) * row, shape.oc, row};
      if (part.residual.data != nullptr) part.residual.data += t * layer.residual_step;
      if (part.residual_codes.data != nullptr) part.residual_codes.data += t * layer.residual_step;
      run(static_cast<const std::byte*>(src) + t * layer.src_step * facts.source_bytes, part, y, y + count, scratch);
    }
    for (std::int64_t i = 0; i < count; ++i)
      kernels::neuron_rows(layer.neuron,
                           {layer.num_steps, shape.out_w, shape.oc, currents + i * row, count * row, shape.oc,
                            layer.dst + (y + i) * layer.dst_row, layer.dst_step, layer.dst_pixel});
  }
}

}  // namespace tern::engine
