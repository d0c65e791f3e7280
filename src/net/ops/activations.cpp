// Activations of convolutional networks; relu stands in elementwise.cpp, spiking neurons in neuron.cpp.
#include "net/ops/ops.hpp"

namespace tern::net::ops {

const OpSpec relu6{
    .info = {"relu6", "min(max(x, 0), 6)", "Sandler et al. 2018, MobileNetV2", {}},
    .infer = same_as_first,
};

const OpSpec sigmoid{
    .info = {"sigmoid", "1 / (1 + exp(-x))", "", {}},
    .infer = same_as_first,
};

const OpSpec hard_sigmoid{
    .info = {"hard_sigmoid", "min(max(x + 3, 0), 6) / 6", "Howard et al. 2019, Searching for MobileNetV3", {}},
    .infer = same_as_first,
};

const OpSpec silu{
    .info = {"silu", "x * sigmoid(x), also called swish", "Elfwing et al. 2018; Ramachandran et al. 2017", {}},
    .infer = same_as_first,
};

const OpSpec gelu{
    .info = {"gelu", "x * Phi(x), Phi the normal distribution: x * (1 + erf(x / sqrt(2))) / 2",
             "Hendrycks and Gimpel 2016, Gaussian Error Linear Units", {}},
    .infer = same_as_first,
};

const OpSpec hard_swish{
    .info = {"hard_swish", "x * min(max(x + 3, 0), 6) / 6", "Howard et al. 2019, Searching for MobileNetV3", {}},
    .infer = same_as_first,
};

const OpSpec leaky_relu{
    .info = {"leaky_relu", "x where x > 0, else slope * x", "Maas et al. 2013",
             {{"slope", "float", "0.01", "0..1", "slope of the negative side"}}},
    .infer = same_as_first,
};

const OpSpec elu{
    .info = {"elu", "x where x > 0, else alpha * (exp(x) - 1)", "Clevert et al. 2016",
             {{"alpha", "float", "1", "> 0", "limit of the negative side, negated"}}},
    .infer = same_as_first,
};

const OpSpec tanh{
    .info = {"tanh", "hyperbolic tangent", "", {}},
    .infer = same_as_first,
};

}  // namespace tern::net::ops
