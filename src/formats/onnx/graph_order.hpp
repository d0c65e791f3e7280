// Which nodes of an ONNX graph make its output, in an order in which every input comes before its use.
// Private to formats/onnx.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "onnx.pb.h"

namespace tern::onnx {

struct Graph {
  std::map<std::string_view, const schema::TensorProto*> initialisers;
  std::vector<const schema::NodeProto*> nodes;  ///< those the output needs, sorted
  /// Readers of a tensor among `nodes`, one entry a use.
  std::map<std::string_view, std::vector<const schema::NodeProto*>> readers;
  const schema::ValueInfoProto* input = nullptr;
  std::string output;
};

/// Points into `graph`. `output`: the tensor to end at, empty for the only output.
/// Errors: ErrorKind::bad_data for cycles, tensors that nothing makes or that two nodes make;
/// ErrorKind::unsupported for several inputs or outputs; ErrorKind::usage for an `output` that is no tensor
/// of the graph.
Graph sort_graph(const schema::GraphProto& graph, std::string_view output, const std::string& place);

/// How messages call a node: "node 'conv1' (Conv)".
std::string place_of(const schema::NodeProto& node);

}  // namespace tern::onnx
