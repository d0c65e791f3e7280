// The state of one export: the file so far, and which tensor of it each node of the Net is. Private to
// formats/onnx.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/export_model.hpp"
#include "formats/onnx/folded_borders.hpp"
#include "formats/onnx/qdq_plan.hpp"
#include "formats/onnx/writer.hpp"

namespace tern::onnx {

class Exporter {
 public:
  Exporter(const pack::PackedModel& model, const ExportOptions& options);

  std::string run();

  const net::Net& net() const { return model_.net; }
  const pack::PackedModel& model() const { return model_; }
  Writer& writer() { return writer_; }
  net::OpContext rules(const net::Node& node) const { return model_.net.context(node); }
  const net::Shape& shape(std::string_view node) const { return model_.net.type(node).shape; }

  /// The tensor of the node's input i.
  const std::string& src(const net::Node& node, std::size_t i = 0) const {
    return tensors_.find(node.inputs[i])->second;
  }
  /// An initialiser named NODE.PARAMETER with the parameter's values.
  std::string parameter(const net::Node& node, const std::string& name);

  /// How the integers behind a node's output are coded; null where they stay floats.
  const ActivationCoding* coding(std::string_view node) const;
  /// The tensor behind quantize and dequantize of `node`'s coding; the tensor itself where it has none.
  std::string coded(const net::Node& node, const std::string& tensor);
  std::string coded(const net::Node& node, const std::string& tensor, const ActivationCoding& coding);
  const FoldedBorders& borders() const { return borders_; }
  /// Null for ExportForm::floats.
  const QdqPlan* plan() const { return plan_.get(); }

 private:
  std::string write(const net::Node& node);

  const pack::PackedModel& model_;
  FoldedBorders borders_;
  std::unique_ptr<QdqPlan> plan_;
  std::map<std::string, ActivationCoding, std::less<>> codings_;
  Writer writer_;
  std::map<std::string, std::string, std::less<>> tensors_;
};

namespace writers {
// Each writes one node of the Net and returns the tensor of its output.
std::string kernel(Exporter&, const net::Node&);       // kernels.cpp
std::string batch_norm(Exporter&, const net::Node&);   // kernels.cpp
std::string activation(Exporter&, const net::Node&);   // activations.cpp
std::string pool(Exporter&, const net::Node&);         // pooling.cpp
std::string global_pool(Exporter&, const net::Node&);  // pooling.cpp
std::string vote(Exporter&, const net::Node&);         // pooling.cpp
std::string combine(Exporter&, const net::Node&);      // combine.cpp
std::string flatten(Exporter&, const net::Node&);      // rearrange.cpp
std::string dropout(Exporter&, const net::Node&);      // rearrange.cpp
std::string pad2d(Exporter&, const net::Node&);        // rearrange.cpp
std::string slice(Exporter&, const net::Node&);        // rearrange.cpp
std::string upsample2d(Exporter&, const net::Node&);   // rearrange.cpp
std::string quantize(Exporter&, const net::Node&);     // quantization.cpp
}  // namespace writers

}  // namespace tern::onnx
