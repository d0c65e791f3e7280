#include "formats/onnx/schema_file.hpp"

#include <limits>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/error.hpp"

namespace tern::onnx {

SchemaFile parse_schema(std::string_view bytes, const std::string& place) {
  SchemaFile file;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    fail(ErrorKind::unsupported, place,
         "files of more than 2 GiB keep their data elsewhere, which is not read");
  if (!file.model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    fail(ErrorKind::bad_data, place, "not an ONNX model: damaged, truncated or another format");
  if (!file.model.has_graph() || file.model.opset_import_size() == 0)
    fail(ErrorKind::bad_data, place, "not an ONNX model: it has no {}",
         file.model.has_graph() ? "opset" : "graph");
  for (const auto& set : file.model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx") file.opset = set.version();
  if (file.opset < oldest_opset || file.opset > newest_opset)
    fail(ErrorKind::unsupported, place, "opset {} (opsets {} to {} are read)", file.opset, oldest_opset,
         newest_opset);
  return file;
}

std::string to_bytes(const schema::ModelProto& model) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  if (!model.SerializeToCodedStream(&coded))
    fail(ErrorKind::unsupported, "", "the model is too large for one ONNX file");
  coded.Trim();
  return bytes;
}

}  // namespace tern::onnx
