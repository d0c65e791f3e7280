// Where and how one activation lies in memory while a network runs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "net/types.hpp"

namespace tern::engine {

/// floats: [frames][h][w][c], dense. codes: a byte each, integer + offset, times `scale`. bits: spikes, 64 channels a
/// word. Codes and bits lie in a border of zeros, with channels of a pixel padded to 4 bytes or whole words.
enum class Form : std::uint8_t { floats, codes, bits };

/// The frames of one activation. Distances count elements (floats, bytes, words).
struct Storage {
  Form form = Form::floats;
  bool has_time = false;
  std::int64_t c = 1, h = 1, w = 1;
  std::int64_t border_h = 0, border_w = 0;  ///< on every side
  float scale = 1;                          ///< of codes
  std::int32_t offset = 0;                  ///< byte of zero, of codes
  std::size_t begin = 0;                    ///< of the whole in the arena, in bytes, set by plan_memory
  std::size_t first_step = 0, last_step = 0;  ///< steps between which it lives

  static constexpr std::size_t slack = 64;  ///< readable bytes before and behind

  std::int64_t element_bytes() const { return form == Form::floats ? 4 : form == Form::codes ? 1 : 8; }
  std::int64_t pixel() const {
    return form == Form::floats ? c : form == Form::codes ? (c + 3) / 4 * 4 : (c + 63) / 64;
  }
  std::int64_t row() const { return (w + 2 * border_w) * pixel(); }
  /// From one frame to the next.
  std::int64_t frame() const { return (h + 2 * border_h) * row(); }
  /// From the start of a frame to its element (0, 0).
  std::int64_t origin() const { return border_h * row() + border_w * pixel(); }
  std::int64_t frames(std::int64_t num_steps) const { return has_time ? num_steps : 1; }
  std::size_t bytes(std::int64_t num_steps) const {
    return static_cast<std::size_t>(frames(num_steps) * frame() * element_bytes()) + 2 * slack;
  }
};

/// The storage of one node's output without a border.
inline Storage storage_of(const net::TensorType& type, Form form) {
  Storage storage;
  storage.form = form;
  storage.has_time = type.has_time;
  if (type.shape.size() == 3)
    storage.c = type.shape[0], storage.h = type.shape[1], storage.w = type.shape[2];
  else
    storage.c = net::num_elements(type.shape);
  return storage;
}

}  // namespace tern::engine
