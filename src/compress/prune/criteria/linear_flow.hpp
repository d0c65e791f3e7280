// The synaptic flow through a network: what comes out when ones go in and every weight counts by its size.
#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "compress/prune/criterion.hpp"

namespace tern::compress {

/// R = 1^T prod |W| 1: the sum of the outputs for an input of ones, with `weights` (not negative, by name) in
/// place of the Model's, biases zero, batch norms as the factor |gamma| / sqrt(running_var + eps), and
/// nonlinearities and neurons the identity; pooling is itself, gates multiply. Propagation, attention and readout of a
/// graph are the identity too, as a mean over neighbours that are all alike is. The result is R divided by a
/// power of two that depends on the weights (deep networks leave float's range); it is differentiable with
/// respect to `weights`, that power being taken as a constant. Errors: ErrorKind::unsupported for an
/// operation without a meaning.
at::Tensor linear_flow(learn::Model& model, const Tensors& weights);

}  // namespace tern::compress
