// finish of one instruction set, over channels of one pixel. Private to the kernels.
#pragma once

#include <cstdint>

#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// One call of finish; exactly one of sums and float_sums is set.
struct FinishJob {
  const Epilogue& epilogue;
  const std::int32_t* sums;
  const float* float_sums;
  std::int64_t acc_pixel, y, x, count, first, width;
};

namespace epilogue_scalar { void finish(const FinishJob& job); }
namespace epilogue_avx2 { void finish(const FinishJob& job); }
namespace epilogue_avx512 { void finish(const FinishJob& job); }
namespace epilogue_neon { void finish(const FinishJob& job); }

}  // namespace tern::kernels
