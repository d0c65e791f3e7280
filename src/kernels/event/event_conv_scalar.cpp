// The plain form of event convolutions: what the vector units must equal.
#include <bit>

#include "kernels/event/event_conv_impl.hpp"

namespace tern::kernels::event_scalar {
namespace {

/// Calls each(c) for the channels of a pixel that spike, in order.
template <class Each>
void each_spike(const std::uint64_t* words, std::int64_t ic, const Each& each) {
  for (std::int64_t w = 0; w * 64 < ic; ++w)
    for (std::uint64_t word = words[w]; word != 0; word &= word - 1) each(w * 64 + std::countr_zero(word));
}

void list_row(const EventRowJob& job) {
  std::uint32_t count = 0;
  for (std::int64_t p = 0; p < job.pixels; ++p) {
    job.row.offsets[p] = count;
    each_spike(job.src + p * job.src_pixel, job.ic,
               [&](std::int64_t c) { job.row.places[count++] = static_cast<std::uint16_t>(p * job.ic + c); });
  }
  job.row.offsets[job.pixels] = count;
}

void pattern_row(const EventRowJob& job) {
  const std::int64_t words = (job.pixels * job.ic + 63) / 64 + 1;
  for (std::int64_t w = 0; w < words; ++w) job.row.bits[w] = 0;
  for (std::int64_t p = 0; p < job.pixels; ++p)
    each_spike(job.src + p * job.src_pixel, job.ic, [&](std::int64_t c) {
      const std::int64_t bit = p * job.ic + c;
      job.row.bits[bit / 64] |= std::uint64_t{1} << bit % 64;
    });
}

/// Weight rows of output pixel x, in `joined`; returns how many.
std::int64_t join(const EventSumJob& job, std::int64_t x) {
  const ConvShape& s = job.shape;
  std::int64_t count = 0;
  for (std::int64_t tap = 0; tap < s.taps(); ++tap) {
    const EventRow& line = job.lines[tap / s.kernel_w];
    const std::int64_t pixel = x * s.stride_w + tap % s.kernel_w * s.dilation_w;
    for (std::uint32_t i = line.offsets[pixel]; i < line.offsets[pixel + 1]; ++i)
      job.joined[count++] = static_cast<std::uint16_t>(line.places[i] + (tap - pixel) * s.ic);
  }
  return count;
}

void sum_lists(const EventSumJob& job) {
  std::int32_t acc[128];
  for (std::int64_t x = job.first; x < job.last; ++x) {
    const std::int64_t count = join(job, x);
    const std::int8_t* weights = job.weights;
    for (std::int64_t first = 0; first < job.shape.oc; first += 128) {
      const std::int64_t width = event_block_width(job.shape.oc, first);
      for (std::int64_t o = 0; o < width; ++o) acc[o] = 0;
      for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t o = 0; o < width; ++o) acc[o] += weights[job.joined[i] * width + o];
      const std::int64_t left = job.shape.oc - first;
      finish(job.epilogue, acc, width, job.y, x, 1, first, left < width ? left : width);
      weights += (job.rows + 1) * width;
    }
  }
}

void sum_patterns(const EventSumJob& job) {
  const ConvShape& s = job.shape;
  const std::int64_t entries = std::int64_t{1} << job.part_bits, window = s.kernel_w * s.ic;
  std::int32_t acc[128];
  for (std::int64_t x = job.first; x < job.last; ++x) {
    const auto* table = reinterpret_cast<const std::int16_t*>(job.weights);
    for (std::int64_t first = 0; first < s.oc; first += 128) {
      const std::int64_t width = event_block_width(s.oc, first);
      for (std::int64_t o = 0; o < width; ++o) acc[o] = 0;
      for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
        for (std::int64_t part = 0; part < job.parts; ++part, table += entries * width) {
          std::int64_t index = 0;
          for (std::int64_t i = 0; i < job.part_bits && part * job.part_bits + i < window; ++i) {
            const std::int64_t bit = x * s.stride_w * s.ic + part * job.part_bits + i;
            index |= static_cast<std::int64_t>(job.lines[ky].bits[bit / 64] >> bit % 64 & 1) << i;
          }
          for (std::int64_t o = 0; o < width; ++o) acc[o] += table[index * width + o];
        }
      const std::int64_t left = s.oc - first;
      finish(job.epilogue, acc, width, job.y, x, 1, first, left < width ? left : width);
    }
  }
}

}  // namespace

const EventKernels kernels{list_row, pattern_row, sum_lists, sum_patterns};

}  // namespace tern::kernels::event_scalar
