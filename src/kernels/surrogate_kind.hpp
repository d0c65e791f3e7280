// The kinds of surrogate gradient, apart from their table, so that instruction-set units need no standard library.
#pragma once

#include <cstdint>

namespace tern::kernels {

enum class SurrogateKind : std::uint8_t {
  atan, sigmoid, fast_sigmoid, superspike, softsign, triangle, piecewise_exp, boxcar
};

}  // namespace tern::kernels
