// Weights and biases of Conv, Gemm and MatMul. Private to formats/onnx.
#pragma once

#include <string>
#include <vector>

#include "formats/onnx/importer.hpp"

namespace tern::onnx {

/// The bias of `outputs` values that the node's only reader, an Add of a constant, adds; that reader is then
/// absorbed by `absorb_bias`. Empty where there is none. `places`: dimensions behind the channels (2 for
/// images, 0 for rows).
std::vector<float> following_bias(const Importer& importer, const NodeView& node, std::int64_t outputs,
                                  int places);

/// Makes `dst` the output of the node, and of the Add behind it where `bias_follows`.
void set_kernel_output(Importer& importer, const NodeView& node, const Activation& dst, bool bias_follows);

/// A linear layer of `weight` [outputs, inputs] on the rows of features of `src`. An empty bias is none;
/// where it is empty, following_bias is taken. `places`: dimensions of extent 1 behind the features, in and
/// out.
void add_linear(Importer& importer, const NodeView& node, const Activation& src, Constant weight,
                std::vector<float> bias, int places = 0);

}  // namespace tern::onnx
