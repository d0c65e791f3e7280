// One frame of a kernel's source, made ready for its sums. Private to weighted_sum.cpp.
#pragma once

#include <cstdint>
#include <vector>

namespace tern::engine::ops {

/// A channels-last image [h, w, channels] inside a border of zeros.
struct Border {
  std::int64_t h = 1, w = 1, channels = 1, ph = 0, pw = 0;
  std::int64_t padded_h() const { return h + 2 * ph; }
  std::int64_t padded_w() const { return w + 2 * pw; }
  std::int64_t src_size() const { return h * w * channels; }
  std::int64_t padded_size() const { return padded_h() * padded_w() * channels; }
};

/// The frame with its border, its values turned to integers where they are integers times one scale.
class SourceFrame {
 public:
  /// `inverse_scale` 0: values stay as they are.
  SourceFrame(Border border, float inverse_scale) : border_(border), inverse_scale_(inverse_scale) {}

  /// Floats that prepare() needs.
  std::int64_t scratch_floats() const { return is_copied() ? border_.padded_size() : 0; }
  /// The padded frame, [padded_h, padded_w, channels], in `scratch`; `src` itself where there is nothing to do.
  const float* prepare(const float* src, float* scratch) const;

  /// Whether fewer than one in `advantage` values of src are not zero.
  bool is_sparse(const float* src, std::int64_t advantage) const;

 private:
  bool is_copied() const { return border_.ph > 0 || border_.pw > 0 || inverse_scale_ != 0.0F; }

  Border border_;
  float inverse_scale_;
};

/// The sources of a padded frame that are not zero, in the caller's memory. Those of list place * groups + group are
/// [first[list], first[list + 1]).
struct SourceEvents {
  std::int64_t* first;    ///< lists + 1
  std::int32_t* channel;  ///< one more than there are sources
  float* value;           ///< likewise

  /// `lists` rows of `ic` sources.
  void collect(std::int64_t lists, std::int64_t ic, const float* src) const;

  /// dst[o], o < 16: the sum over tap t and channel c of src * weights[t][c][o], from lists first_list +
  /// taps[t].
  void gather(std::int64_t first_list, const std::vector<std::int64_t>& taps, std::int64_t ic,
              const float* weights, float* dst) const;
};

}  // namespace tern::engine::ops
