// The formula, on any processor.
#include <cstring>

#include "kernels/sparse/sparse_conv_impl.hpp"

namespace tern::kernels::sparse_scalar {
namespace {

std::int32_t product(std::uint32_t weights, const char* src, std::int32_t) {
  std::int8_t w[4];
  std::uint8_t x[4];
  std::memcpy(w, &weights, 4);
  std::memcpy(x, src, 4);
  return w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3];
}

float product(std::uint32_t weight, const char* src, float) {
  float w = 0, x = 0;
  std::memcpy(&w, &weight, 4);
  std::memcpy(&x, src, 4);
  return w * x;
}

/// `element`: bytes of a source element, of which a word has 4 / element.
template <class Sum>
void conv(const SparseJob& job, std::int64_t element) {
  const ConvShape& s = job.shape;
  std::uint32_t* const table = job.scratch.table;
  for (std::int64_t y = 0; y < s.kernel_h; ++y)
    for (std::int64_t x = 0; x < s.kernel_w; ++x) {
      const std::int64_t plane = y % job.panel.phases * s.kernel_w + x;
      std::uint32_t* const words = table + (y / job.panel.phases << job.row_bits) + plane * job.pixel_words;
      for (std::int64_t w = 0; w < job.pixel_words; ++w)
        words[w] = static_cast<std::uint32_t>(
            (y * s.dilation_h * s.src_row + x * s.dilation_w * s.src_pixel) * element + 4 * w);
    }
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    for (std::int64_t x = 0; x < s.out_w; ++x) {
      const char* const src = job.src + (y * s.stride_h * s.src_row + x * s.stride_w * s.src_pixel) * element;
      Sum sums[16];
      for (std::int64_t o = 0; o < s.oc; ++o) {
        Sum sum = job.initial != nullptr ? static_cast<Sum>(job.initial[o]) : Sum{0};
        for (const std::uint32_t* start = job.start; start < job.start + job.blocks * (s.oc + 1);
             start += s.oc + 1)
          for (std::uint32_t i = start[o]; i < start[o + 1]; ++i)
            sum += product(job.words[i], src + table[job.index[i]], Sum{});
        sums[o % 16] = sum;
        if (o % 16 == 15 || o + 1 == s.oc) finish(job.epilogue, sums, 16, y, x, 1, o - o % 16, o % 16 + 1);
      }
    }
}

}  // namespace

void lanes_codes(const SparseJob& job) {
  const ConvShape& s = job.shape;
  const SparseLanesView& lanes = job.lanes;
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    for (std::int64_t x = 0; x < s.out_w; ++x) {
      const char* const src = job.src + y * s.stride_h * s.src_row + x * s.stride_w * s.src_pixel;
      for (std::int64_t from = 0; from < s.oc; from += sparse_step) {
        const std::int64_t width = s.oc - from < sparse_step ? s.oc - from : sparse_step;
        std::int32_t sums[sparse_step] = {};
        for (std::int64_t o = 0; o < width; ++o) sums[o] = job.initial[from + o];
        for (std::uint32_t i = lanes.start[from / sparse_step]; i < lanes.start[from / sparse_step + 1]; ++i)
          for (std::int64_t o = 0; o < width; ++o) {
            const std::int64_t step = i * sparse_step + o;
            sums[o] +=
                product(lanes.words[step], src + (lanes.window[i] + lanes.index[step]) * 4, std::int32_t{});
          }
        finish(job.epilogue, sums, sparse_step, y, x, 1, from, width);
      }
    }
}

void conv_codes(const SparseJob& job) {
  conv<std::int32_t>(job, 1);
}
void conv_floats(const SparseJob& job) {
  conv<float>(job, 4);
}

}  // namespace tern::kernels::sparse_scalar
