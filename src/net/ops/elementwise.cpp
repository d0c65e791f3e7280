// Operations without parameters that keep or merely rearrange their elements.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_flatten(const OpContext& context) {
  return {context.src[0].has_time, {num_elements(context.src[0].shape)}};
}

}  // namespace

TensorType same_as_first(const OpContext& context) { return context.src[0]; }

const OpSpec flatten{
    .info = {"flatten", "one row of features per sample and step, in c, h, w order", "", {}},
    .infer = infer_flatten,
};

const OpSpec dropout{
    .info = {"dropout", "in training zeroes values with probability p and scales the rest by 1/(1-p); else identity",
             "Srivastava et al. 2014, Dropout",
             {{"p", "float", "0.5", "0..0.99", "probability of a zero"},
              {"per_sample", "bool", "true", "", "one mask for all steps of a sample, as spiking networks need"}}},
    .infer = same_as_first,
};

const OpSpec relu{
    .info = {"relu", "max(x, 0)", "Nair and Hinton 2010", {}},
    .infer = same_as_first,
};

}  // namespace tern::net::ops
