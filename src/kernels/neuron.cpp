#include "kernels/neuron.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/neuron_smooth.hpp"

namespace tern::kernels {
namespace {

/// Outputs beyond this are written around the caches: they would not survive there until they are read. Not
/// so in place, where the line is there already.
constexpr std::int64_t stream_floats = std::int64_t{4} << 20;
constexpr std::int64_t tile_grain_floats = 1 << 15;

NeuronJob make_job(const NeuronParameters& p, std::int64_t num_steps, std::int64_t size, const float* x,
                   float* dst) {
  if (num_steps < 0 || size < 0)
    fail(ErrorKind::usage, "neuron", "expected extents >= 0, got {} steps of {}", num_steps, size);
  if (!(p.surrogate_alpha > 0))
    fail(ErrorKind::usage, "neuron", "expected surrogate alpha > 0, got {}", p.surrogate_alpha);
  const bool aligned = reinterpret_cast<std::uintptr_t>(dst) % 64 == 0 && size % 16 == 0;
  return {p,       num_steps, size,    0,   x,
          nullptr, nullptr,   nullptr, dst, aligned && num_steps * size >= stream_floats};
}

void set_gradient(NeuronJob& job, const float* grad_spikes) {
  job.grad_spikes = grad_spikes;
  job.stream = job.stream && grad_spikes != job.dst;
}

/// scale or shift continued periodically past its end, see NeuronJob.
std::vector<float> continued(const float* values, std::int64_t channels) {
  std::vector<float> out(static_cast<std::size_t>(channels + tile_columns));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = values[static_cast<std::int64_t>(i) % channels];
  return out;
}

struct AlignedFree {
  void operator()(void* p) const { std::free(p); }
};
using Scratch = std::unique_ptr<float[], AlignedFree>;

/// Aligned to 4096 bytes, so that tiles of scratch lie in the first-level cache in the same way in every run.
Scratch make_scratch(std::int64_t num_steps) {
  const auto bytes = static_cast<std::size_t>(neuron_scratch_floats(num_steps)) * sizeof(float);
  void* p = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096 + 4096);
  if (p == nullptr) throw std::bad_alloc();
  return Scratch(static_cast<float*>(p));
}

std::int64_t num_tiles(const NeuronJob& job) {
  return (job.size + tile_columns - 1) / tile_columns;
}

std::int64_t tile_grain(const NeuronJob& job) {
  return std::max<std::int64_t>(1, tile_grain_floats / (job.num_steps * tile_columns));
}

void run_tiles(const NeuronJob& job, std::int64_t first, std::int64_t last, float* scratch) {
  if (job.parameters.smooth)
    return smooth_forward(job, first * tile_columns, std::min(job.size, last * tile_columns));
  kernel_table().neuron_forward(job, first, last, scratch);
}

void run_forward(const NeuronJob& job) {
  if (job.num_steps == 0 || job.size == 0) return;
  parallel_for(num_tiles(job), tile_grain(job), [&](std::int64_t first, std::int64_t last) {
    run_tiles(job, first, last, make_scratch(job.num_steps).get());
  });
}

/// Tiles are cut into parts here and not by parallel_for, since each part has its own sums, added in order
/// afterwards.
void run_backward(const NeuronJob& job, float* sum_grad, float* sum_grad_x) {
  const std::int64_t tiles = num_tiles(job), width = sum_grad ? job.channels + tile_columns : 0;
  const std::int64_t parts =
      std::clamp<std::int64_t>(tiles / (job.num_steps ? tile_grain(job) : 1), 1, num_threads());
  std::vector<double> sums(static_cast<std::size_t>(2 * width * parts));
  const auto part = [&](std::int64_t index) {
    const std::int64_t first = tiles * index / parts, last = tiles * (index + 1) / parts;
    double* a = sum_grad ? sums.data() + 2 * width * index : nullptr;
    if (job.parameters.smooth)
      return smooth_backward(job, first * tile_columns, std::min(job.size, last * tile_columns), a,
                             a ? a + width : a);
    train_table().neuron_backward(job, first, last, make_scratch(job.num_steps).get(), a, a ? a + width : a);
  };
  if (job.num_steps > 0 && job.size > 0)
    parallel_for(parts, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) part(i);
    });
  for (std::int64_t c = 0; sum_grad && c < job.channels; ++c) {
    double total = 0, total_x = 0;
    for (std::int64_t i = 0; i < parts; ++i)
      for (std::int64_t e = c; e < width; e += job.channels) {
        total += sums[static_cast<std::size_t>(2 * width * i + e)];
        total_x += sums[static_cast<std::size_t>(2 * width * i + width + e)];
      }
    sum_grad[c] = static_cast<float>(total), sum_grad_x[c] = static_cast<float>(total_x);
  }
}

}  // namespace

void neuron_forward(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t size,
                    const float* x, float* spikes) {
  run_forward(make_job(parameters, num_steps, size, x, spikes));
}

void neuron_forward_part(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t size, const float* x,
                         float* spikes, std::int64_t part, std::int64_t parts, void* scratch) {
  const NeuronJob job = make_job(parameters, num_steps, size, x, spikes);
  const std::int64_t tiles = num_tiles(job);
  run_tiles(job, tiles * part / parts, tiles * (part + 1) / parts, static_cast<float*>(scratch));
}

std::size_t neuron_scratch_bytes(std::int64_t num_steps) {
  return static_cast<std::size_t>(neuron_scratch_floats(num_steps)) * sizeof(float);
}

void neuron_backward(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t size,
                     const float* x, const float* grad_spikes, float* grad_x) {
  NeuronJob job = make_job(parameters, num_steps, size, x, grad_x);
  set_gradient(job, grad_spikes);
  run_backward(job, nullptr, nullptr);
}

void affine_neuron_forward(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t rows,
                           std::int64_t channels, const float* x, const float* scale, const float* shift,
                           float* spikes) {
  NeuronJob job = make_job(parameters, num_steps, rows * channels, x, spikes);
  if (job.size == 0) return;
  const std::vector<float> scales = continued(scale, channels), shifts = continued(shift, channels);
  job.channels = channels, job.scale = scales.data(), job.shift = shifts.data();
  run_forward(job);
}

void affine_neuron_backward(const NeuronParameters& parameters, std::int64_t num_steps, std::int64_t rows,
                            std::int64_t channels, const float* x, const float* scale, const float* shift,
                            const float* grad_spikes, float* grad_current, float* sum_grad,
                            float* sum_grad_x) {
  NeuronJob job = make_job(parameters, num_steps, rows * channels, x, grad_current);
  if (channels <= 0) return;
  const std::vector<float> scales = continued(scale, channels), shifts = continued(shift, channels);
  job.channels = channels, job.scale = scales.data(), job.shift = shifts.data();
  set_gradient(job, grad_spikes);
  run_backward(job, sum_grad, sum_grad_x);
}

}  // namespace tern::kernels
