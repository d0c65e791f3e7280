#include "pack/model_file.hpp"

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/mapped_file.hpp"
#include "pack/safetensors.hpp"
#include "pack/tensor_record.hpp"

namespace tern::pack {
namespace {

using Json = nlohmann::json;
constexpr auto version_key = "tern.version", net_key = "tern.net", tensors_key = "tern.tensors",
               checksum_key = "tern.checksum";
constexpr auto first_version = "1", format_version = "2";

/// FNV-1a over everything that means something: metadata and tensors in order of name, each part after its length. A
/// tool that reorders or pads the file does not disturb it.
template <class File>
std::string checksum(const File& file) {
  std::uint64_t hash = fnv1a_64("tern");
  const auto mix = [&hash](std::string_view part) {
    const std::uint64_t length = part.size();
    hash = fnv1a_64({reinterpret_cast<const char*>(&length), sizeof length}, hash);
    hash = fnv1a_64(part, hash);
  };
  for (const auto& [key, value] : file.metadata) {
    if (key == checksum_key) continue;
    mix(key);
    mix(value);
  }
  for (const auto& [name, tensor] : file.tensors) {
    mix(name);
    mix(tensor.dtype);
    mix(net::to_string(tensor.shape));
    mix(tensor.bytes);
  }
  return to_hex(hash);
}

const std::string& required(const SafeTensorsView& file, const char* key, std::string_view place) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) fail(ErrorKind::bad_data, place, "not a .tern file: metadata '{}' is missing", key);
  return found->second;
}

/// Refuses JSON nested deeper than ours ever is: messages that quote it would recurse as deeply.
void check_nesting(std::string_view text, const char* key, std::string_view place) {
  constexpr int deepest = 8;
  bool in_string = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') ++i;
    else if (c == '"') in_string = !in_string;
    else if (!in_string && (c == '{' || c == '[')) ++depth;
    else if (!in_string && (c == '}' || c == ']')) --depth;
    if (depth > deepest) fail(ErrorKind::bad_data, place, "metadata '{}' is nested too deeply", key);
  }
}

Json parse_descriptions(const std::string& text, std::string_view place) {
  check_nesting(text, tensors_key, place);
  try {
    Json json = Json::parse(text);
    if (!json.is_object()) fail(ErrorKind::bad_data, place, "metadata '{}' must be an object", tensors_key);
    return json;
  } catch (const Json::exception& error) {
    fail(ErrorKind::bad_data, place, "metadata '{}' is not JSON: {}", tensors_key, error.what());
  }
}

/// What the Net asks for, by the tensors' names.
std::map<std::string, net::Shape> shapes_of(const net::Net& net) {
  std::map<std::string, net::Shape> shapes;
  for (const auto& node : net.nodes())
    for (const auto& parameter : net.parameters(node)) shapes[node.name + "." + parameter.name] = parameter.shape;
  return shapes;
}

PackedTensor decode(const TensorView& stored, const Json& descriptions, const std::string& name,
                    const net::Shape& expected, bool is_first_version, const std::string& place) {
  if (const auto found = descriptions.find(name); found != descriptions.end())
    return is_first_version ? decode_tensor_v1(stored, *found, expected, place)
                            : decode_tensor(stored, *found, expected, place);
  check_shape(stored.shape, expected, place);
  PackedTensor tensor;
  tensor.shape = stored.shape;
  tensor.values = values_of<float>(stored, place);
  return tensor;
}

}  // namespace

StoredForm stored_form(const PackedTensor& tensor, PackOptions options) {
  const TensorRecord record = encode_tensor(tensor, options);
  return {record.encoding, record.entropy_coded, static_cast<std::int64_t>(record.stored.bytes.size())};
}

std::string describe(const StoredForm& form) { return form.encoding + (form.entropy_coded ? "+entropy" : ""); }

std::string to_bytes(const PackedModel& model, PackOptions options) {
  check_model(model);
  SafeTensors file{{}, model.metadata};
  Json descriptions = Json::object();
  for (const auto& [name, tensor] : model.tensors) {
    TensorRecord record = encode_tensor(tensor, options);
    file.tensors[name] = std::move(record.stored);
    if (!record.description.is_null()) descriptions[name] = std::move(record.description);
  }
  file.metadata[version_key] = format_version;
  file.metadata[net_key] = net::to_json(model.net, -1);
  file.metadata[tensors_key] = descriptions.dump();
  file.metadata[checksum_key] = checksum(file);
  return to_bytes(file);
}

PackedModel model_from_bytes(std::string_view bytes, std::string_view place) {
  const SafeTensorsView file = view_bytes(bytes, place);
  const std::string& version = required(file, version_key, place);
  if (version != first_version && version != format_version)
    fail(ErrorKind::unsupported, place, "format version '{}' (this build reads versions 1 and 2)", version);
  if (required(file, checksum_key, place) != checksum(file))
    fail(ErrorKind::bad_data, place, "the checksum disagrees: the file is corrupt");
  const Json descriptions = parse_descriptions(required(file, tensors_key, place), place);
  check_nesting(required(file, net_key, place), net_key, place);
  PackedModel model{net::from_json(required(file, net_key, place), place), {}, {}};
  const auto shapes = shapes_of(model.net);
  for (const auto& [name, stored] : file.tensors) {
    const auto expected = shapes.find(name);
    if (expected == shapes.end())
      fail(ErrorKind::bad_data, place, "unknown tensor '{}': no node of the Net asks for it", name);
    model.tensors[name] = decode(stored, descriptions, name, expected->second, version == first_version,
                                 fmt::format("{}: {}", place, name));
  }
  for (const auto& [name, ignored] : descriptions.items())
    if (!file.tensors.contains(name)) fail(ErrorKind::bad_data, place, "tensor '{}' is described but missing", name);
  for (const auto& [key, value] : file.metadata)
    if (key != version_key && key != net_key && key != tensors_key && key != checksum_key) model.metadata[key] = value;
  check_model(model, place, ErrorKind::bad_data);
  return model;
}

PackedModel read_model(const std::filesystem::path& path) {
  const MappedFile file(path);
  return model_from_bytes(file.bytes(), path.string());
}

void write_model(const std::filesystem::path& path, const PackedModel& model, PackOptions options) {
  write_file_atomically(path, to_bytes(model, options));
}

}  // namespace tern::pack
