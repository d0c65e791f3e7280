// Activation quantization as an operation of the Net.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

std::vector<ParameterSpec> quantize_parameters(const OpContext&) {
  return {{"scale", {1}, ParameterRole::buffer}, {"zero_point", {1}, ParameterRole::buffer}};
}

TensorType infer_quantize(const OpContext& context) {
  if (context.integer("bits") > 16) context.refuse("expected 1 to 16 bits, got {}", context.integer("bits"));
  return context.src[0];
}

}  // namespace

const OpSpec quantize{
    .info = {"quantize",
             "rounds to integers and back: scale * (clamp(round(x / scale) + zero_point) - zero_point)",
             "Jacob et al. 2018",
             {{"bits", "int", "8", "> 0", "width of a code, at most 16"},
              {"signed", "bool", "false", "", "codes -2^(bits-1) .. 2^(bits-1)-1 instead of 0 .. 2^bits-1"}}},
    .infer = infer_quantize,
    .parameters = quantize_parameters,
};

}  // namespace tern::net::ops
