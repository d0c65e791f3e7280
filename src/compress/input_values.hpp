// What a network's input takes.
#pragma once

#include "compress/samples.hpp"

namespace tern::compress {

/// Every value of a batch's input; of sparse features those that are not zero.
at::Tensor input_values(const SampleBatch& batch);

}  // namespace tern::compress
