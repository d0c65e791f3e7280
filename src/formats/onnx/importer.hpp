// The state of one import: what every ONNX tensor is, and the Net that grows. Private to formats/onnx.
//
// Nodes are read in order. A tensor is either a Constant, folded as it appears, or an Activation: a node of
// the Net and which of its axes each ONNX dimension is. Transpose, Reshape, Flatten, Squeeze and Unsqueeze
// only rearrange that list; a reader that needs an order asks for it (image, features, by_channel) and
// refuses others.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "formats/onnx/constant.hpp"
#include "formats/onnx/graph_order.hpp"
#include "formats/onnx/import_model.hpp"
#include "formats/onnx/node_view.hpp"
#include "net/net.hpp"

namespace tern::onnx {

/// `layout[d]`: the axes of the Net's node that make up ONNX dimension d + 1, slowest first (dimension 0 is
/// the batch). Axes of extent 1 stand nowhere. [n, c, h, w] is {{0}, {1}, {2}}, flattened {{0, 1, 2}}, [n, h,
/// w, c] {{1}, {2}, {0}}.
struct Activation {
  std::string node;
  std::vector<std::vector<int>> layout;
  /// Of a QuantizeLinear's output: the integers stand for these numbers.
  std::optional<Coding> coding{};
};

using Value = std::variant<std::shared_ptr<const Constant>, Activation>;
using Attributes = std::map<std::string, net::Attribute>;

/// top, left, bottom, right.
using Border = std::array<std::int64_t, 4>;

class Importer {
 public:
  Importer(const schema::ModelProto& model, std::int64_t opset, const ImportOptions& options,
           std::string place);

  pack::PackedModel run();

  // What readers ask about a node's inputs.
  bool is_constant(const NodeView& node, int input) const;
  /// Errors: ErrorKind::unsupported where the input is computed.
  const Constant& constant(const NodeView& node, int input) const;
  const Activation& activation(const NodeView& node, int input) const;
  /// The same, or the integers that a QuantizeLinear made.
  const Activation& activation_or_codes(const NodeView& node, int input) const;
  /// Null where the input is computed, left out, or not known yet.
  const Constant* find_constant(const NodeView& node, int input) const;
  /// `constant` as numbers; refuses where it is not one number.
  float number(const NodeView& node, int input) const;
  /// The only reader of a node's first output, null where there are several or where it is the model's
  /// output.
  const schema::NodeProto* only_reader(const NodeView& node) const;
  NodeView view(const schema::NodeProto& node) const;

  // What an activation is.
  const net::Shape& shape(const Activation& a) const { return net_.type(a.node).shape; }
  std::int64_t extent(const Activation& a, std::size_t dimension) const;
  /// ONNX dimensions without the batch.
  net::Shape extents(const Activation& a) const;
  /// The batch as Shape tells it.
  std::int64_t batch() const { return batch_; }
  const net::Node& net_node(const Activation& a) const { return net_.node(a.node); }
  /// Whether no value can be below zero.
  bool is_never_negative(const std::string& node) const;

  // Activations in an order that a reader needs.
  /// [n, c, h, w] of a node [c, h, w].
  Activation image(const NodeView& node, const Activation& a) const;
  /// [n, features] of a node [features] in c, h, w order; `order`, where given, lists for each ONNX feature
  /// the Net's, and where it is not given other orders are refused.
  Activation features(const NodeView& node, const Activation& a, Integers* order = nullptr);
  /// Dimension 1 is the Net's axis 0.
  Activation by_channel(const NodeView& node, const Activation& a);
  /// Which Net axis an ONNX dimension is: -1 for extent 1; refuses merged ones.
  int net_axis(const NodeView& node, const Activation& a, std::size_t dimension) const;

  // What readers make.
  /// A node of the Net named after the ONNX node (and `suffix`). Returns its name.
  std::string add(const NodeView& node, std::string op, std::vector<std::string> inputs,
                  Attributes attributes = {}, std::string_view suffix = {});
  void set_tensor(const std::string& node, const std::string& parameter, pack::PackedTensor tensor);
  void set_floats(const std::string& node, const std::string& parameter, net::Shape shape,
                  std::vector<float> values);
  /// scale[c] * x + shift[c].
  Activation affine(const NodeView& node, const Activation& a, std::vector<float> scale,
                    std::vector<float> shift, std::string_view suffix = {});
  /// The source with a border of `value`; below the `quantize` that made it, where there is one.
  std::string padded(const NodeView& node, const std::string& source, const Border& border, double value);
  /// The same operation on every element.
  Activation pointwise(const NodeView& node, const Activation& a, std::string op, Attributes attributes = {},
                       std::string_view suffix = {});
  std::string quantize(const NodeView& node, const std::string& source, const Coding& coding, int bits,
                       bool is_signed, std::string_view suffix = {});

  void set_output(const schema::NodeProto& node, int output, Value value);
  /// `absorbed` needs no reading any more: its first output is `value`.
  void absorb(const schema::NodeProto& absorbed, Value value);

 private:
  void read_input();
  /// The node that takes mean and std off the input.
  std::string normalized();
  /// Parameters of a batch norm that computes scale * x + shift, of one value a channel or one for all.
  void set_affine(const std::string& node, std::vector<float> scale, std::vector<float> shift);
  void read_node(const schema::NodeProto& node);
  bool fold_node(const NodeView& node);
  const Value& value(const NodeView& node, int input) const;
  void release(const schema::NodeProto& node);
  /// Counts elements that are made without standing in the file: a small file must not fill the memory.
  void spend(std::int64_t elements);
  std::string free_name(std::string_view wanted);
  std::vector<int> all_axes(const Activation& a) const;
  /// The Net that the output needs, and its tensors.
  pack::PackedModel finish();

  const schema::ModelProto& model_;
  std::int64_t opset_;
  ImportOptions options_;
  std::string place_;
  Graph graph_;
  net::Net net_;
  std::map<std::string, pack::PackedTensor> tensors_;
  std::map<std::string, std::string> metadata_;
  mutable std::map<std::string_view, Value> values_;  ///< initialisers are read at their first use
  std::map<std::string_view, std::size_t> pending_;   ///< readers left
  std::set<const schema::NodeProto*> absorbed_;
  std::int64_t batch_ = 0;
  std::int64_t made_elements_ = 0, most_made_elements_;
  std::map<std::string, int, std::less<>> times_used_;  ///< of wanted names
};

/// Letters, digits and .:-_ of a name that some tool made up; "/layer1/conv/Conv" becomes "layer1.conv.Conv".
std::string clean_name(std::string_view name);

/// With this eps, 1 + eps is 1 in float: dividing by its root changes nothing.
inline constexpr double no_eps = 1e-12;

/// Layout of an activation whose dimensions are the Net's own, in order.
std::vector<std::vector<int>> plain_layout(const net::Shape& shape);

/// One row of the table of ONNX operators.
struct ReaderRow {
  std::string_view op;
  void (*read)(Importer&, const NodeView&);
};

namespace readers {
void convolution(Importer&, const NodeView&);        // convolution.cpp
void gemm(Importer&, const NodeView&);               // dense.cpp
void mat_mul(Importer&, const NodeView&);            // dense.cpp
void batch_norm(Importer&, const NodeView&);         // batch_norm.cpp
void activation(Importer&, const NodeView&);         // activations.cpp
void clip(Importer&, const NodeView&);               // activations.cpp
void softmax(Importer&, const NodeView&);            // activations.cpp
void pool(Importer&, const NodeView&);               // pooling.cpp
void global_pool(Importer&, const NodeView&);        // pooling.cpp
void reduce_mean(Importer&, const NodeView&);        // pooling.cpp
void arithmetic(Importer&, const NodeView&);         // arithmetic.cpp
void sum(Importer&, const NodeView&);                // arithmetic.cpp
void concat(Importer&, const NodeView&);             // channels.cpp
void split(Importer&, const NodeView&);              // channels.cpp
void slice(Importer&, const NodeView&);              // channels.cpp
void identity(Importer&, const NodeView&);           // layouts.cpp
void transpose(Importer&, const NodeView&);          // layouts.cpp
void reshape(Importer&, const NodeView&);            // layouts.cpp
void flatten(Importer&, const NodeView&);            // layouts.cpp
void squeeze(Importer&, const NodeView&);            // layouts.cpp
void unsqueeze(Importer&, const NodeView&);          // layouts.cpp
void shape(Importer&, const NodeView&);              // layouts.cpp
void cast(Importer&, const NodeView&);               // layouts.cpp
void pad(Importer&, const NodeView&);                // resampling.cpp
void resize(Importer&, const NodeView&);             // resampling.cpp
void quantize_linear(Importer&, const NodeView&);    // quantization.cpp
void dequantize_linear(Importer&, const NodeView&);  // quantization.cpp
}  // namespace readers

}  // namespace tern::onnx
