// neuron_rows of the instruction sets. Private to this folder.
#pragma once

#include "kernels/event/neuron_rows.hpp"

namespace tern::kernels {

namespace neuron_rows_scalar {
void run(const NeuronParameters& parameters, const NeuronRows& rows);
}
namespace neuron_rows_avx512 {
void run(const NeuronParameters& parameters, const NeuronRows& rows);
}

}  // namespace tern::kernels
