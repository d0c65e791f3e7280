#include "engine/ops/source_frame.hpp"

#include <algorithm>
#include <cstring>

#include "engine/ops/rounding.hpp"
#include "kernels/dense_sum.hpp"

namespace tern::engine::ops {
namespace {

/// Four of them hold the sums of one block, on any instruction set.
typedef float Lane __attribute__((vector_size(16)));
static_assert(4 * sizeof(Lane) == kernels::dense_block * sizeof(float));

}  // namespace

const float* SourceFrame::prepare(const float* src, float* scratch) const {
  if (!is_copied()) return src;
  const std::int64_t row = border_.w * border_.channels, padded_row = border_.padded_w() * border_.channels;
  const std::int64_t side = border_.pw * border_.channels;
  float* dst = std::fill_n(scratch, border_.ph * padded_row, 0.0F);
  for (std::int64_t y = 0; y < border_.h; ++y, src += row) {
    dst = std::fill_n(dst, side, 0.0F);
    if (inverse_scale_ == 0.0F)
      dst = std::copy_n(src, row, dst);
    else
      dst = std::transform(src, src + row, dst, [inverse = inverse_scale_](float x) { return round_small(x * inverse); });
    dst = std::fill_n(dst, side, 0.0F);
  }
  std::fill_n(dst, border_.ph * padded_row, 0.0F);
  return scratch;
}

bool SourceFrame::is_sparse(const float* src, std::int64_t advantage) const {
  std::int64_t active = 0;
  for (std::int64_t i = 0; i < border_.src_size(); ++i) active += src[i] != 0.0F;
  return active * advantage < border_.src_size();
}

void SourceEvents::collect(std::int64_t lists, std::int64_t ic, const float* src) const {
  std::int64_t count = 0;
  for (std::int64_t list = 0; list < lists; ++list) {
    first[list] = count;
    for (std::int64_t c = 0; c < ic; ++c) {  // without a branch: spikes are unpredictable
      const float x = *src++;
      channel[count] = static_cast<std::int32_t>(c);
      value[count] = x;
      count += x != 0.0F;
    }
  }
  first[lists] = count;
}

void SourceEvents::gather(std::int64_t first_list, const std::vector<std::int64_t>& taps, std::int64_t ic,
                          const float* weights, float* dst) const {
  Lane a{}, b{}, c{}, d{};
  for (const std::int64_t tap : taps) {
    const std::int64_t list = first_list + tap;
    for (std::int64_t e = first[list]; e < first[list + 1]; ++e) {
      const float x = value[e];
      Lane w[4];
      std::memcpy(w, weights + channel[e] * kernels::dense_block, sizeof w);
      a += x * w[0];
      b += x * w[1];
      c += x * w[2];
      d += x * w[3];
    }
    weights += ic * kernels::dense_block;
  }
  const Lane sums[4] = {a, b, c, d};
  std::memcpy(dst, sums, sizeof sums);
}

}  // namespace tern::engine::ops
