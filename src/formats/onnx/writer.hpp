// An ONNX graph that grows node by node. Private to formats/onnx.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/constant.hpp"
#include "net/types.hpp"
#include "onnx.pb.h"

namespace tern::onnx {

class Writer {
 public:
  /// One attribute of a node.
  struct Attribute {
    std::string name;
    schema::AttributeProto value;
    Attribute(std::string_view name, std::int64_t i);
    Attribute(std::string_view name, float f);
    Attribute(std::string_view name, const std::vector<std::int64_t>& ints);
  };

  Writer(const std::string& graph_name, std::int64_t opset);

  std::int64_t opset() const { return opset_; }
  /// Tensors [n, shape...] of floats.
  void set_input(const std::string& tensor, const net::Shape& shape);
  void set_output(const std::string& tensor, const net::Shape& shape);
  /// An initialiser. Returns its name, `wanted` or like it.
  std::string constant(std::string_view wanted, const Constant& constant);
  /// A node of this name or like it with one output of the node's name. Returns it.
  std::string add(std::string_view wanted, std::string_view op, const std::vector<std::string>& inputs,
                  const std::vector<Attribute>& attributes = {});

  const schema::ModelProto& model() const { return model_; }

 private:
  std::string free_name(std::string_view wanted);

  schema::ModelProto model_;
  std::int64_t opset_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace tern::onnx
