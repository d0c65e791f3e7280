// Pooling of channels-last images, [n, h, w, c] to [n, oh, ow, c], oh = (h - kernel_h) / stride_h + 1 (floor).
//
// There is no padding, and an incomplete last window is dropped. With time, n counts steps times samples.
#pragma once

#include <cstdint>

namespace tern::kernels {

struct PoolShape {
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2;

  std::int64_t out_h() const { return (h - kernel_h) / stride_h + 1; }
  std::int64_t out_w() const { return (w - kernel_w) / stride_w + 1; }
};

/// Largest value of each window, and which one: index = place in the window in row-major order (kernel_w * dy + dx),
/// the first where several are equal; NaN is never larger. x is [n, h, w, c], y and index [n, oh, ow, c]; index may be
/// null. Errors: ErrorKind::usage for windows of more than 255 elements, larger than the image, or extents < 1.
void max_pool2d_forward(const PoolShape& shape, const float* x, float* y, std::uint8_t* index);

/// grad_x [n, h, w, c] is overwritten: the sum of grad_y [n, oh, ow, c] over the windows that chose the place.
void max_pool2d_backward(const PoolShape& shape, const float* grad_y, const std::uint8_t* index, float* grad_x);

/// Mean of each window: its sum in row-major order, then divided by kernel_h * kernel_w. Errors: as above, any window.
void avg_pool2d_forward(const PoolShape& shape, const float* x, float* y);

/// grad_x is overwritten: the sum of grad_y / (kernel_h * kernel_w) over the windows that cover the place.
void avg_pool2d_backward(const PoolShape& shape, const float* grad_y, float* grad_x);

}  // namespace tern::kernels
