#include "engine/layout.hpp"

#include <algorithm>

namespace tern::engine {
namespace {

/// Each of `frames` matrices [rows, columns] to [columns, rows], some columns at a time: their places stay in the cache.
void transpose(std::int64_t frames, std::int64_t rows, std::int64_t columns, const float* src, float* dst) {
  constexpr std::int64_t block = 64;
  const std::int64_t size = rows * columns;
  for (std::int64_t frame = 0; frame < frames; ++frame, src += size, dst += size)
    for (std::int64_t first = 0; first < columns; first += block) {
      const std::int64_t end = std::min(columns, first + block);
      for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t column = first; column < end; ++column)
          dst[column * rows + row] = src[row * columns + column];
    }
}

}  // namespace

bool is_transposed(const net::Shape& shape) { return shape.size() == 3 && shape[0] > 1 && shape[1] * shape[2] > 1; }

void to_channels_last(const net::Shape& shape, std::int64_t frames, const float* src, float* dst) {
  if (is_transposed(shape)) transpose(frames, shape[0], shape[1] * shape[2], src, dst);
  else std::copy_n(src, frames * net::num_elements(shape), dst);
}

void to_channels_first(const net::Shape& shape, std::int64_t frames, const float* src, float* dst) {
  if (is_transposed(shape)) transpose(frames, shape[1] * shape[2], shape[0], src, dst);
  else std::copy_n(src, frames * net::num_elements(shape), dst);
}

}  // namespace tern::engine
