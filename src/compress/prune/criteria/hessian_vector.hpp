// Products of the loss's Hessian with a vector.
#pragma once

#include <string>
#include <vector>

#include "compress/prune/criterion.hpp"

namespace tern::compress {

/// H v for the Hessian H of the mean loss over the samples with respect to the effective values of `names`
/// together, in evaluation, by double backward (Pearlmutter 1994, Fast Exact Multiplication by the Hessian).
/// Operations whose gradients learn computes by kernels of its own are run as plain torch operations. The
/// surrogate gradient of a spiking neuron is differentiated as the function it is.
Tensors hessian_vector(learn::Model& model, const std::vector<std::string>& names, const Samples& samples,
                       learn::Loss loss, const Tensors& vector);

}  // namespace tern::compress
