// The OpSpecs that op_table.cpp lists; each is defined in the file of its family.
#pragma once

#include "net/op.hpp"

namespace tern::net::ops {

extern const OpSpec input;                                        // input.cpp
extern const OpSpec conv2d, linear;                               // kernels.cpp
extern const OpSpec batch_norm;                                   // batch_norm.cpp
extern const OpSpec max_pool2d, avg_pool2d;                       // pool2d.cpp
extern const OpSpec global_avg_pool;                              // pool2d.cpp
extern const OpSpec flatten, dropout, relu;                       // elementwise.cpp
extern const OpSpec add, multiply, concat;                        // combine.cpp
extern const OpSpec relu6, sigmoid, hard_sigmoid, silu, hard_swish, leaky_relu;  // activations.cpp
extern const OpSpec if_neuron, lif_neuron;                        // neuron.cpp
extern const OpSpec tcja;                                         // tcja.cpp
extern const OpSpec quantize;                                         // quantize.cpp
extern const OpSpec mean_time, vote;                              // readout.cpp
extern const OpSpec pad2d;                                        // pad2d.cpp
extern const OpSpec slice;                                        // slice.cpp
extern const OpSpec softmax;                                      // softmax.cpp
extern const OpSpec upsample2d;                                   // upsample2d.cpp
extern const OpSpec elu, gelu, tanh;                              // activations.cpp
extern const OpSpec layer_norm;                                   // layer_norm.cpp
extern const OpSpec graph, propagate, graph_readout;              // graph.cpp
extern const OpSpec graph_attention;                              // graph_attention.cpp
extern const OpSpec mincut, diffpool, topk, sagpool;              // graph_assign.cpp
extern const OpSpec graph_pool, graph_coarsen, graph_lift;        // graph_pool.cpp

/// The input's own type: shape rule of elementwise operations.
TensorType same_as_first(const OpContext& context);

/// Whether `gate` holds one value for each channel of `shape` [c, h, w]: [c] or [c, 1, 1].
bool is_channel_gate(const Shape& gate, const Shape& shape);

}  // namespace tern::net::ops
