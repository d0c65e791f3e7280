// What lowering asks about a convolution or linear layer with integer weights.
#pragma once

#include "kernels/conv_shape.hpp"
#include "net/net.hpp"
#include "pack/model_file.hpp"

namespace tern::engine {

/// Weights of at most 8 bits with one scale for the tensor or for each output channel, whose sums with bytes fit int32.
bool has_integer_weights(const pack::PackedTensor& weights);

/// Of a conv2d or linear node without the source's strides; a linear layer of an image is one place that sees all of it.
kernels::ConvShape conv_shape(const net::OpContext& rules, const net::Shape& src, const net::Shape& dst);

/// Bytes of all weights where these and activations push each other out of a second cache of one megabyte (more than
/// half of it weights), else 0.
std::int64_t cold_weight_bytes(const pack::PackedModel& model);

}  // namespace tern::engine
