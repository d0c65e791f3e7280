// ONNX convolutions and pools have borders of their own: a pad2d that only one of them reads need not be
// written. Private to formats/onnx.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string_view>

#include "net/net.hpp"

namespace tern::onnx {

/// Values of max_pool2d's borders that never win: no smaller number is worth telling apart.
inline constexpr double never_wins = -3e38;

struct FoldedBorders {
  std::set<std::string_view>
      pads;  ///< pad2d nodes that go into their reader, straight or through a `quantize` node
  std::map<std::string_view, std::array<std::int64_t, 4>> of_reader;  ///< top, left, bottom, right

  std::array<std::int64_t, 4> border(std::string_view reader) const {
    const auto found = of_reader.find(reader);
    return found == of_reader.end() ? std::array<std::int64_t, 4>{} : found->second;
  }
};

/// Zeros go into conv2d and avg_pool2d; into max_pool2d where nothing is below zero, or what never wins.
/// Points into `net`.
FoldedBorders fold_borders(const net::Net& net);

}  // namespace tern::onnx
