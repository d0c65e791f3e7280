#include "engine/ops/source_frame.hpp"

#include <algorithm>

#include "engine/ops/rounding.hpp"

namespace tern::engine::ops {

const float* SourceFrame::prepare(const float* src) {
  const bool has_border = border_.ph > 0 || border_.pw > 0;
  if (!has_border && inverse_scale_ == 0.0F) return src;
  const std::int64_t row = border_.w * border_.channels, padded_row = border_.padded_w() * border_.channels;
  padded_.resize(static_cast<std::size_t>(border_.padded_h() * padded_row));  // the border stays zero
  for (std::int64_t y = 0; y < border_.h; ++y, src += row) {
    float* const dst = padded_.data() + (y + border_.ph) * padded_row + border_.pw * border_.channels;
    if (inverse_scale_ == 0.0F) std::copy_n(src, row, dst);
    else std::transform(src, src + row, dst, [inverse = inverse_scale_](float x) { return round_small(x * inverse); });
  }
  return padded_.data();
}

bool SourceFrame::is_sparse(const float* src) const {
  constexpr std::int64_t dense_advantage = 8;  // a dense product costs about an eighth of a listed one
  std::int64_t active = 0;
  for (std::int64_t i = 0; i < border_.src_size(); ++i) active += src[i] != 0.0F;
  return active * dense_advantage < border_.src_size();
}

void SourceEvents::collect(std::int64_t lists, std::int64_t ic, const float* src) {
  first.resize(static_cast<std::size_t>(lists + 1));
  channel.resize(static_cast<std::size_t>(lists * ic + 1));
  value.resize(static_cast<std::size_t>(lists * ic + 1));
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

}  // namespace tern::engine::ops
