#include "net/ops/ops.hpp"

namespace tern::net::ops {

const OpSpec input{
    .info = {"input", "where samples enter: event frames or images", "",
             {{"shape", "int list", "", "> 0", "one sample at one step, such as [2, 34, 34] (c, h, w)"},
              {"time", "bool", "true", "", "samples have a time axis of the Net's num_steps"}}},
    .min_inputs = 0,
    .max_inputs = 0,
    .infer = [](const OpContext& context) { return TensorType{context.flag("time"), context.integers("shape")}; },
};

}  // namespace tern::net::ops
