#include "kernels/event/event_layer.hpp"

#include <algorithm>
#include <new>

#include "kernels/event/event_rows.hpp"
#include "kernels/event/neuron_rows.hpp"

namespace tern::kernels {
namespace {

/// Currents of so many bytes stay in the caches of a core between convolution and neurons; fewer cost more
/// calls.
constexpr std::int64_t current_bytes = 64 << 10;

std::int64_t padded_channels(const ConvShape& shape) {
  return (shape.oc + 15) / 16 * 16;
}

std::int64_t pixels_at_a_time(const ConvShape& shape, std::int64_t num_steps) {
  const std::int64_t pixel = num_steps * padded_channels(shape) * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t groups = std::max<std::int64_t>(1, current_bytes / (pixel * event_group));
  return std::min(shape.out_w, groups * event_group);
}

std::size_t currents_bytes(const ConvShape& shape, std::int64_t num_steps) {
  return whole_lines(
      static_cast<std::size_t>(num_steps * pixels_at_a_time(shape, num_steps) * padded_channels(shape)) *
      sizeof(float));
}

std::size_t rows_bytes(std::int64_t num_steps) {
  return whole_lines(static_cast<std::size_t>(num_steps) * sizeof(EventRows));
}

}  // namespace

std::size_t event_layer_scratch_bytes(const ConvShape& shape, std::int64_t num_steps) {
  return joined_bytes(shape.taps() * shape.ic) + currents_bytes(shape, num_steps) + rows_bytes(num_steps) +
         static_cast<std::size_t>(num_steps) * EventRows::scratch_bytes(shape);
}

void run_event_layer(const ConvShape& shape, const EventConvWeights& weights, const EventLayer& layer,
                     const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch) {
  const std::int64_t steps = layer.num_steps, width = pixels_at_a_time(shape, steps),
                     pixel = padded_channels(shape);
  auto* at = static_cast<std::byte*>(scratch);
  auto* const joined = reinterpret_cast<std::uint16_t*>(at);
  at += joined_bytes(weights.rows);
  auto* const currents = reinterpret_cast<float*>(at);
  at += currents_bytes(shape, steps);
  auto* const rows = reinterpret_cast<EventRows*>(at);
  at += rows_bytes(steps);
  for (std::int64_t t = 0; t < steps; ++t, at += EventRows::scratch_bytes(shape))
    new (rows + t) EventRows(shape, layer.src + t * layer.src_step, at);

  for (std::int64_t y = first_row; y < last_row; ++y)
    for (std::int64_t x = 0; x < shape.out_w; x += width) {
      const std::int64_t count = std::min(width, shape.out_w - x);
      for (std::int64_t t = 0; t < steps; ++t) {
        Epilogue part = epilogue;
        part.floats = {currents + (t * width - x) * pixel, pixel, 0};
        if (part.residual.data != nullptr) part.residual.data += t * layer.residual_step;
        if (part.residual_codes.data != nullptr) part.residual_codes.data += t * layer.residual_step;
        sum_event_row(shape, weights, rows[t].window(shape, y), part, y, x, x + count, joined);
      }
      std::uint64_t* const dst = layer.dst + y * layer.dst_row + x * layer.dst_pixel;
      neuron_rows(layer.neuron, {steps, count, shape.oc, currents, width * pixel, pixel, dst, layer.dst_step,
                                 layer.dst_pixel});
    }
}

}  // namespace tern::kernels
