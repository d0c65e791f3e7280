// The loop nest of one kernel and one way to run it on an accelerator.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace tern::cost {

/// Loops of a kernel, batch 1: input channels C, output channels M, kernel rows R and columns S, output rows
/// P and columns Q, steps T.
enum class Dim { c, m, r, s, p, q, t };
inline constexpr std::size_t num_dims = 7;
using Extents = std::array<std::int64_t, num_dims>;
inline std::int64_t& at(Extents& extents, Dim dim) {
  return extents[static_cast<std::size_t>(dim)];
}
inline std::int64_t at(const Extents& extents, Dim dim) {
  return extents[static_cast<std::size_t>(dim)];
}

enum class Dataflow { row_stationary, output_stationary };

/// Extents of the tile that each place works on: an element's scratchpads, the whole array (element x
/// spatial), the on-chip buffer. Each divides into the next with a last, incomplete tile where it does not
/// fit. `outer_order` and `inner_order` list the loops over buffer tiles and over array tiles, outermost
/// first.
struct Mapping {
  Dataflow dataflow = Dataflow::row_stationary;
  Extents element{1, 1, 1, 1, 1, 1, 1};
  Extents spatial{1, 1, 1, 1, 1, 1, 1};
  Extents buffer{1, 1, 1, 1, 1, 1, 1};
  std::array<Dim, num_dims> outer_order{};
  std::array<Dim, num_dims> inner_order{};
};

std::string to_string(Dataflow dataflow);

/// "buffer[M64 P4 Q64] T>M>P | array[C16 M16 R3] | element[C8 M8 S3]".
std::string to_string(const Mapping& mapping);

}  // namespace tern::cost
