#include "formats/onnx/import_model.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "formats/onnx/fold.hpp"
#include "formats/onnx/importer.hpp"
#include "formats/onnx/schema_file.hpp"

namespace tern::onnx {
namespace {

using schema::NodeProto;

/// Readers of a tensor, seen through operators that keep its order.
const NodeProto* first_reader(const Graph& graph, std::string_view tensor) {
  while (true) {
    const auto found = graph.readers.find(tensor);
    if (found == graph.readers.end() || found->second.size() != 1) return nullptr;
    const NodeProto* const reader = found->second[0];
    const std::string& op = reader->op_type();
    if (op != "Identity" && op != "Cast" && op != "QuantizeLinear" && op != "DequantizeLinear") return reader;
    if (reader->output_size() == 0) return nullptr;
    tensor = reader->output(0);
  }
}

bool is_to_channels_first(const NodeProto* node) {
  if (!node || node->op_type() != "Transpose") return false;
  const auto perm = NodeView{*node, 0, {}}.integers("perm");
  return perm && *perm == Integers{0, 3, 1, 2};
}

/// Rows of features that are reshaped to images at once are images.
std::optional<net::Shape> image_shape(const NodeProto* node, const Graph& graph, const net::Shape& row,
                                      const std::string& place) {
  if (!node || node->op_type() != "Reshape" || node->input_size() < 2 || row.size() != 1) return std::nullopt;
  const auto target = graph.initialisers.find(node->input(1));
  if (target == graph.initialisers.end()) return std::nullopt;
  const Integers shape = read_tensor(*target->second, place).integers;
  if (shape.size() != 4) return std::nullopt;
  std::int64_t size = 1;
  for (std::size_t d = 1; d < 4; ++d)
    if (shape[d] < 1 || __builtin_mul_overflow(size, shape[d], &size)) return std::nullopt;
  if (size != row[0]) return std::nullopt;
  return net::Shape(shape.begin() + 1, shape.end());
}

/// Metadata is text: other bytes become question marks.
std::string printable(std::string text) {
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

net::Shape sample_shape(const schema::ValueInfoProto& input, const net::Shape& wanted,
                        const std::string& place) {
  const auto& type = input.type().tensor_type();
  if (type.elem_type() != schema::TensorProto::FLOAT)
    fail(ErrorKind::unsupported, place, "an input of floats is expected, got {}",
         name_of_type(type.elem_type()));
  const int rank = type.shape().dim_size();
  if (rank < 2 || rank > 4)
    fail(ErrorKind::unsupported, place, "an input of 2 to 4 dimensions is expected, got {}", rank);
  if (!wanted.empty() && static_cast<int>(wanted.size()) != rank - 1)
    fail(ErrorKind::usage, place, "a sample has {} dimensions, the shape given {}", rank - 1, wanted.size());
  net::Shape shape = wanted;
  for (int d = 1; d < rank && wanted.empty(); ++d) {
    const auto& extent = type.shape().dim(d);
    if (extent.dim_value() < 1)
      fail(ErrorKind::unsupported, place,
           "dimension {} ('{}') has no fixed size: state the shape of a sample", d, extent.dim_param());
    shape.push_back(extent.dim_value());
  }
  return shape;
}

}  // namespace

void Importer::read_input() {
  const schema::ValueInfoProto& input = *graph_.input;
  const std::string place = fmt::format("{}: input '{}'", place_, input.name());
  net::Shape shape = sample_shape(input, options_.input_shape, place);
  batch_ = input.type().tensor_type().shape().dim(0).dim_value();
  if (batch_ < 1) batch_ = symbolic_batch;

  const NodeProto* const reader = first_reader(graph_, input.name());
  Activation frames{"input", {}};
  if (shape.size() == 3 && is_to_channels_first(reader)) {
    shape = {shape[2], shape[0], shape[1]};
    for (const int axis : {1, 2, 0})
      frames.layout.push_back(shape[static_cast<std::size_t>(axis)] == 1 ? std::vector<int>{}
                                                                         : std::vector<int>{axis});
    metadata_["onnx.input_layout"] = "nhwc";
  } else if (const auto image = image_shape(reader, graph_, shape, place)) {
    shape = *image;
    frames.layout.emplace_back();
    for (const auto& dimension : plain_layout(shape))
      frames.layout[0].insert(frames.layout[0].end(), dimension.begin(), dimension.end());
  } else if (shape.size() == 2) {  // an image without channels
    shape.insert(shape.begin(), 1);
    frames.layout = plain_layout(shape);
    frames.layout.erase(frames.layout.begin());
  } else {
    frames.layout = plain_layout(shape);
  }
  try {
    net_.add("input", "input", {}, {{"shape", shape}, {"time", false}});
  } catch (const Error& error) {
    throw Error(ErrorKind::unsupported, error.what(), place);
  }
  metadata_["onnx.input"] = printable(input.name());
  if (!options_.mean.empty() || !options_.std.empty()) frames.node = normalized();
  values_.emplace(input.name(), frames);
}

std::string Importer::normalized() {
  const auto channels = static_cast<std::size_t>(net_.type("input").shape[0]);
  std::vector<float> scale = options_.std, shift = options_.mean;
  if (scale.size() != shift.size() || (scale.size() != 1 && scale.size() != channels))
    fail(ErrorKind::usage, place_, "expected a mean and a std for each of {} channels, got {} and {}",
         channels, shift.size(), scale.size());
  for (std::size_t c = 0; c < scale.size(); ++c) {
    if (!(scale[c] > 0)) fail(ErrorKind::usage, place_, "expected a std > 0, got {}", scale[c]);
    scale[c] = 1.0F / scale[c];
    shift[c] *= -scale[c];
  }
  const std::string name = net_.add("normalize", "batch_norm", {"input"}, {{"eps", no_eps}});
  set_affine(name, std::move(scale), std::move(shift));
  return name;
}

pack::PackedModel Importer::finish() {
  const auto found = values_.find(graph_.output);
  if (found == values_.end() || found->second.index() != 1)
    fail(ErrorKind::unsupported, place_, "the output '{}' does not depend on the input", graph_.output);
  Activation output = std::get<1>(found->second);
  if (output.coding)
    fail(ErrorKind::unsupported, place_, "the output '{}' is integers: it needs a DequantizeLinear",
         graph_.output);
  const std::vector<int> axes = all_axes(output);
  if (!std::is_sorted(axes.begin(), axes.end())) {
    if (shape(output).size() != 3 || axes != std::vector<int>{1, 2, 0} || output.layout.size() != 3)
      fail(ErrorKind::unsupported, place_, "the values of output '{}' lie in another order than c, h, w",
           graph_.output);
    metadata_["onnx.output_layout"] = "nhwc";
  }
  if (output.layout.size() == 1 && shape(output).size() == 3)
    output.node = net_.add(free_name("output"), "flatten", {output.node});
  metadata_["onnx.output"] = printable(graph_.output);
  if (!model_.producer_name().empty())
    metadata_["onnx.producer"] = printable(model_.producer_name() + " " + model_.producer_version());

  std::set<std::string_view> needed{output.node};
  const auto& nodes = net_.nodes();
  for (std::size_t i = nodes.size(); i-- > 0;)
    if (needed.contains(nodes[i].name)) needed.insert(nodes[i].inputs.begin(), nodes[i].inputs.end());
  pack::PackedModel model{net::Net(net_.name()), {}, metadata_};
  for (const auto& node : nodes) {
    if (!needed.contains(node.name)) continue;
    model.net.add(node.name, node.op, node.inputs, node.attributes);
    for (const auto& parameter : net_.parameters(node)) {
      const std::string name = node.name + "." + parameter.name;
      if (const auto tensor = tensors_.find(name); tensor != tensors_.end()) model.tensors.insert(*tensor);
    }
  }
  pack::check_model(model, place_, ErrorKind::bad_data);
  return model;
}

pack::PackedModel import_model(std::string_view bytes, const ImportOptions& options,
                               std::string_view place_view) {
  const std::string place(place_view);
  const SchemaFile file = parse_schema(bytes, place);
  return Importer(file.model, file.opset, options, place).run();
}

pack::PackedModel read_model(const std::filesystem::path& path, const ImportOptions& options) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!std::filesystem::is_regular_file(path) || !file || !(bytes << file.rdbuf()))
    fail(ErrorKind::io, path.string(), "cannot be read");
  return import_model(bytes.view(), options, path.string());
}

}  // namespace tern::onnx
