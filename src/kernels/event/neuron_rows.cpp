#include "kernels/event/neuron_rows.hpp"

#include "base/error.hpp"
#include "kernels/event/neuron_rows_impl.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {

/// One neuron after another, in the order of operations of kernels/neuron.hpp.
void neuron_rows_scalar::run(const NeuronParameters& p, const NeuronRows& rows) {
  const bool hard = p.reset == Reset::hard, soft = p.reset == Reset::soft;
  for (std::int64_t pixel = 0; pixel < rows.pixels; ++pixel) {
    std::uint64_t* const dst = rows.dst + pixel * rows.dst_pixel;
    for (std::int64_t t = 0; t < rows.num_steps; ++t)
      for (std::int64_t w = 0; w * 64 < rows.channels; ++w) dst[t * rows.dst_step + w] = 0;
    for (std::int64_t c = 0; c < rows.channels; ++c) {
      const float* const src = rows.src + pixel * rows.src_pixel + c;
      float v = p.v_rest;
      bool fired = false;
      for (std::int64_t t = 0; t < rows.num_steps; ++t) {
        float h = p.decay * v + (p.gain * src[t * rows.src_step] + p.offset);
        if (p.reset_delay && hard && fired) h = p.v_reset;
        if (p.reset_delay && soft && fired) h = h - p.v_threshold;
        fired = h >= p.v_threshold;
        if (fired) dst[t * rows.dst_step + c / 64] |= std::uint64_t{1} << c % 64;
        if (!p.reset_delay && hard && fired) h = p.v_reset;
        if (!p.reset_delay && soft && fired) h = h - p.v_threshold;
        v = h;
      }
    }
  }
}

void neuron_rows(const NeuronParameters& parameters, const NeuronRows& rows) {
  if (parameters.smooth) fail(ErrorKind::usage, "neuron_rows", "smooth neurons emit no spikes");
#ifdef TERN_KERNELS_X86
  static constexpr auto avx512 = &neuron_rows_avx512::run;
#else
  static constexpr decltype(&neuron_rows_scalar::run) avx512 = nullptr;
#endif
  for_isa<decltype(&neuron_rows_scalar::run)>(&neuron_rows_scalar::run, nullptr, avx512, nullptr)(parameters,
                                                                                                  rows);
}

}  // namespace tern::kernels
