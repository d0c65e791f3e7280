// Dropout and linear layers on features of which most are zero: work in proportion to the rest.
#include "base/seed.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/ops/keep_mask.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {

/// Of the entries that are there: the others are zero either way.
Value sparse_dropout(OpCall& call) {
  const double p = call.context().real("p");
  if (!call.options.training || call.options.frozen_norms || p == 0.0)
    return {.sparse = call.values[0].sparse};
  auto dropped = std::make_shared<SparseRows>(*call.values[0].sparse);
  const at::Tensor keep =
      keep_mask(dropped->matrix->entries(), p, derive_seed(call.options.seed, call.node.name));
  dropped->keep = dropped->keep.defined() ? dropped->keep * keep : keep;
  dropped->factor *= static_cast<float>(1.0 / (1.0 - p));
  return {.sparse = dropped};
}

/// A quantized weight in evaluation goes through its values: sums are of floats, as the sources are.
Value sparse_linear(OpCall& call) {
  const Parameter& weight = call.model.parameter(call.node.name, "weight");
  const at::Tensor value =
      call.options.training || !weight.quantizer
          ? weight.effective(call.options.training, derive_seed(call.options.seed, call.node.name))
          : weight.stored();
  at::Tensor dst = learn::sparse_linear(*call.values[0].sparse, value);
  if (call.context().flag("bias")) dst = dst + call.model.parameter(call.node.name, "bias").effective();
  return {.tensor = dst};
}

}  // namespace tern::learn::ops
