// max_pool_codes of one instruction set. Private to the kernels.
#pragma once

#include <cstdint>

#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

struct MaxPoolJob {
  const ConvShape& shape;
  const std::uint8_t* src;
  const Plane<std::uint8_t>& dst;
  std::int64_t first_row, last_row;
};

using MaxPoolCodes = void(const MaxPoolJob&);

namespace max_pool_scalar {
MaxPoolCodes run;
}
namespace max_pool_avx2 {
MaxPoolCodes run;
}
namespace max_pool_avx512 {
MaxPoolCodes run;
}

}  // namespace tern::kernels
