// What operation_table.cpp lists; each family is made in the file of its name.
#pragma once

#include "engine/operation.hpp"
#include "kernels/neuron.hpp"

namespace tern::engine::ops {

using Made = std::unique_ptr<Operation>;

/// The recurrence of an `if` or `lif` node.
kernels::NeuronParameters neuron_parameters(const net::Node& node);

Made make_input(const BuildContext&);      // layouts.cpp
Made make_flatten(const BuildContext&);    // layouts.cpp
Made make_conv2d(const BuildContext&);     // weighted_sum.cpp
Made make_linear(const BuildContext&);     // weighted_sum.cpp
Made make_batch_norm(const BuildContext&); // affine.cpp
Made make_max_pool(const BuildContext&);   // windows.cpp
Made make_avg_pool(const BuildContext&);   // windows.cpp
Made make_global_avg_pool(const BuildContext&);  // windows.cpp
Made make_add(const BuildContext&);        // pointwise.cpp
Made make_multiply(const BuildContext&);   // combine.cpp
Made make_concat(const BuildContext&);     // combine.cpp
Made make_dropout(const BuildContext&);    // pointwise.cpp
Made make_relu(const BuildContext&);       // pointwise.cpp
Made make_relu6(const BuildContext&);      // activations.cpp
Made make_sigmoid(const BuildContext&);    // activations.cpp
Made make_hard_sigmoid(const BuildContext&);  // activations.cpp
Made make_silu(const BuildContext&);       // activations.cpp
Made make_gelu(const BuildContext&);       // activations.cpp
Made make_hard_swish(const BuildContext&); // activations.cpp
Made make_leaky_relu(const BuildContext&); // activations.cpp
Made make_neuron(const BuildContext&);     // spiking.cpp
Made make_tcja(const BuildContext&);       // attention.cpp
Made make_quantize(const BuildContext&);   // quantize.cpp
Made make_mean_time(const BuildContext&);  // readouts.cpp
Made make_vote(const BuildContext&);       // readouts.cpp
Made make_pad2d(const BuildContext&);      // pad2d.cpp
Made make_slice(const BuildContext&);      // slice.cpp
Made make_softmax(const BuildContext&);    // softmax.cpp
Made make_upsample2d(const BuildContext&); // upsample2d.cpp
Made make_elu(const BuildContext&);        // activations.cpp
Made make_tanh(const BuildContext&);       // activations.cpp
Made make_layer_norm(const BuildContext&); // layer_norm.cpp

}  // namespace tern::engine::ops
