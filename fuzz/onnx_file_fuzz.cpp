// Fuzz target: bytes to an ONNX model, to a packed model, to both exports and back.
//
// Half of the time the model is taken apart, one of its nodes, attributes or tensors changed, and put
// together again.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "allocation_limit.hpp"
#include "base/error.hpp"
#include "base/seed.hpp"
#include "formats/onnx/export_model.hpp"
#include "formats/onnx/import_model.hpp"
#include "fuzz_target.hpp"
#include "onnx.pb.h"

namespace {

using namespace tern;
namespace schema = onnx::schema;

constexpr const char* operators[] = {"Conv",
                                     "Gemm",
                                     "MatMul",
                                     "BatchNormalization",
                                     "Relu",
                                     "Clip",
                                     "Softmax",
                                     "HardSigmoid",
                                     "MaxPool",
                                     "AveragePool",
                                     "GlobalAveragePool",
                                     "ReduceMean",
                                     "Add",
                                     "Mul",
                                     "Sub",
                                     "Div",
                                     "Concat",
                                     "Split",
                                     "Slice",
                                     "Identity",
                                     "Reshape",
                                     "Flatten",
                                     "Transpose",
                                     "Squeeze",
                                     "Unsqueeze",
                                     "Shape",
                                     "Cast",
                                     "Pad",
                                     "Resize",
                                     "Gather",
                                     "ConstantOfShape",
                                     "QuantizeLinear",
                                     "DequantizeLinear",
                                     "Sigmoid",
                                     "Sum",
                                     "PRelu"};
constexpr const char* attributes[] = {
    "axis", "axes",  "pads",     "strides",   "kernel_shape",     "dilations", "group",
    "perm", "split", "keepdims", "ceil_mode", "auto_pad",         "transB",    "alpha",
    "mode", "to",    "starts",   "ends",      "count_include_pad"};

std::int64_t number(Rng& rng) {
  constexpr std::int64_t edges[] = {0,         1,        -1, 2, 3, 4, 255, 1 << 20, std::int64_t{1} << 31,
                                    INT64_MAX, INT64_MIN};
  return edges[rng.below(std::size(edges))];
}

std::string any_tensor(schema::GraphProto& graph, Rng& rng) {
  const int nodes = graph.node_size(), tensors = graph.initializer_size();
  const auto at = static_cast<int>(rng.below(static_cast<std::uint64_t>(nodes + tensors + 1)));
  if (at < nodes) return graph.node(at).output_size() > 0 ? graph.node(at).output(0) : "";
  return at < nodes + tensors ? graph.initializer(at - nodes).name() : "input";
}

void mutate_node(schema::GraphProto& graph, Rng& rng) {
  auto& node =
      *graph.mutable_node(static_cast<int>(rng.below(static_cast<std::uint64_t>(graph.node_size()))));
  switch (rng.below(5)) {
    case 0:
      node.set_op_type(operators[rng.below(std::size(operators))]);
      break;
    case 1:
      node.add_input(any_tensor(graph, rng));
      break;
    case 2:
      if (node.input_size() > 0)
        node.set_input(static_cast<int>(rng.below(static_cast<std::uint64_t>(node.input_size()))),
                       any_tensor(graph, rng));
      break;
    case 3: {
      auto& attribute = *node.add_attribute();
      attribute.set_name(attributes[rng.below(std::size(attributes))]);
      attribute.set_i(number(rng));
      for (std::uint64_t i = rng.below(9); i > 0; --i) attribute.add_ints(number(rng));
      break;
    }
    default:
      for (auto& attribute : *node.mutable_attribute()) {
        if (attribute.ints_size() > 0)
          attribute.set_ints(static_cast<int>(rng.below(static_cast<std::uint64_t>(attribute.ints_size()))),
                             number(rng));
        else
          attribute.set_i(number(rng));
      }
  }
}

void mutate_tensor(schema::GraphProto& graph, Rng& rng) {
  auto& tensor = *graph.mutable_initializer(
      static_cast<int>(rng.below(static_cast<std::uint64_t>(graph.initializer_size()))));
  if (rng.below(2) == 0)
    tensor.set_data_type(static_cast<int>(rng.below(23)));
  else if (tensor.dims_size() > 1)
    tensor.mutable_dims()->SwapElements(0, tensor.dims_size() - 1);
  else
    tensor.add_dims(1);
  if (rng.below(2) == 0 && !tensor.raw_data().empty())
    (*tensor.mutable_raw_data())[rng.below(tensor.raw_data().size())] = static_cast<char>(rng.below(256));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    const pack::PackedModel model = [&] {
      const fuzz::AllocationLimit limit("importing",
                                        onnx::least_import_bytes + onnx::most_import_bytes_a_byte * size);
      return onnx::import_model(bytes);
    }();
    onnx::ExportOptions options;
    for (const auto& node : model.net.nodes()) options.ranges[node.name] = {-1.0F, 2.0F};
    for (const auto form : {onnx::ExportForm::floats, onnx::ExportForm::qdq}) {
      options.form = form;
      onnx::import_model(onnx::export_model(model, options));
    }
  } catch (const Error&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  Rng rng(seed);
  schema::ModelProto model;
  if (rng.below(2) == 0 || !model.ParseFromArray(data, static_cast<int>(size)) ||
      model.graph().node_size() == 0)
    return LLVMFuzzerMutate(data, size, most);
  if (rng.below(4) == 0 && model.graph().initializer_size() > 0)
    mutate_tensor(*model.mutable_graph(), rng);
  else
    mutate_node(*model.mutable_graph(), rng);
  if (rng.below(8) == 0 && model.opset_import_size() > 0)
    model.mutable_opset_import(0)->set_version(static_cast<std::int64_t>(7 + rng.below(15)));
  const std::string bytes = model.SerializeAsString();
  if (bytes.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}
