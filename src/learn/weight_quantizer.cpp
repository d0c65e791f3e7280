#include "learn/weight_quantizer.hpp"

#include "learn/torch.hpp"

namespace tern::learn {

at::Tensor QuantizedWeight::values(at::IntArrayRef shape) const {
  at::Tensor flat = codes;
  if (!uniform()) flat = codebook.index_select(0, codes.flatten().to(at::kLong));
  flat = flat.reshape(shape);
  if (scale.dim() == 0) return flat * scale;
  std::int64_t groups = 1;
  for (const auto size : scale.sizes()) groups *= size;
  return (flat.reshape({groups, -1}) * scale.reshape({groups, 1})).reshape(shape);
}

}  // namespace tern::learn
