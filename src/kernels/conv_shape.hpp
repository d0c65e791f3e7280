// The geometry of one convolution on channels-last images; a linear layer on rows is a 1x1 convolution of a rows x 1 image.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// Source and destination hold one image, [h][w][channels]. Kernels read the source from its element (0, 0) through
/// strides: the caller keeps a border of `pad` rows and columns around it that holds zeros (for unsigned codes, the
/// code of zero), and 64 readable bytes before and after everything, so that no kernel checks bounds.
struct ConvShape {
  std::int64_t ic = 1, oc = 1;               ///< of all groups together
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t pad_h = 0, pad_w = 0;
  std::int64_t dilation_h = 1, dilation_w = 1;
  std::int64_t groups = 1;                   ///< divides ic and oc
  std::int64_t out_h = 1, out_w = 1;
  std::int64_t src_pixel = 1;                ///< elements (bytes of codes, words of bits, floats) between pixels of the source
  std::int64_t src_row = 1;                  ///< the same between its rows

  std::int64_t group_ic() const { return ic / groups; }
  std::int64_t group_oc() const { return oc / groups; }
  std::int64_t taps() const { return kernel_h * kernel_w; }
  /// Multiplications of one image.
  std::int64_t macs() const { return out_h * out_w * oc * group_ic() * taps(); }
};

}  // namespace tern::kernels
