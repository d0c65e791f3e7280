// The registry of operations. A new operation is one OpSpec in ops/ and one line here.
#include "net/op.hpp"
#include "net/ops/ops.hpp"

namespace tern::net {
namespace {

const OpSpec* const table[] = {
    &ops::input,      &ops::conv2d,     &ops::linear,     &ops::batch_norm, &ops::max_pool2d,
    &ops::avg_pool2d, &ops::flatten,    &ops::add,        &ops::multiply,   &ops::dropout,
    &ops::relu,       &ops::if_neuron,  &ops::lif_neuron, &ops::tcja,       &ops::quantize, &ops::mean_time,
    &ops::vote,       &ops::concat,     &ops::global_avg_pool, &ops::relu6,   &ops::sigmoid,
    &ops::hard_sigmoid, &ops::silu,     &ops::hard_swish, &ops::leaky_relu,
    &ops::pad2d,      &ops::slice,      &ops::softmax,    &ops::upsample2d, &ops::elu, &ops::gelu,      &ops::tanh,
    &ops::layer_norm, &ops::graph,      &ops::propagate,  &ops::graph_attention, &ops::graph_readout,
    &ops::mincut,     &ops::diffpool,   &ops::topk,       &ops::sagpool,  &ops::graph_pool, &ops::graph_coarsen,
    &ops::graph_lift,
};

}  // namespace

std::span<const OpSpec* const> op_table() { return table; }

}  // namespace tern::net
