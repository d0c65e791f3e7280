// One sparse layer in ONNX Runtime, which has no interface for a layer alone: whole networks run.
#pragma once

#include <string>

namespace tern::bench {

/// Prints the times of int8 1x1 convolutions with relu, 256 to 256 channels on 28 x 28 pixels, 90 % zeros in
/// blocks of 1x4, in the engine and in ONNX Runtime from `library`: a network of one such layer, and a layer
/// inside of a network, which is a quarter of what four more of them cost; quartile and median. Prints why it
/// did not where the library left a convolution in floats. Errors: std::runtime_error with the library's
/// words.
void bench_sparse_chain(const std::string& library);

}  // namespace tern::bench
