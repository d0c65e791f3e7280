#include "pack/model_file.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "pack/bits.hpp"
#include "pack/safetensors.hpp"

namespace tern::pack {
namespace {

using Json = nlohmann::json;
constexpr auto version_key = "tern.version", net_key = "tern.net", tensors_key = "tern.tensors",
               checksum_key = "tern.checksum";
constexpr auto format_version = "1";

/// How one low-bit tensor is described in "tern.tensors".
struct Description {
  Encoding encoding;
  int bits;
  float scale;
  net::Shape shape;
};

std::int64_t nonzeros(const PackedTensor& tensor) {
  return static_cast<std::int64_t>(tensor.codes.size()) - std::count(tensor.codes.begin(), tensor.codes.end(), 0);
}

std::int64_t bitmap_bytes(std::int64_t elements) { return packed_code_bytes(elements, 1); }

std::string encode_bitmap(const PackedTensor& tensor) {
  std::string bitmap(static_cast<std::size_t>(bitmap_bytes(static_cast<std::int64_t>(tensor.codes.size()))), '\0');
  std::vector<std::int8_t> kept;
  for (std::size_t i = 0; i < tensor.codes.size(); ++i) {
    if (tensor.codes[i] == 0) continue;
    bitmap[i / 8] = static_cast<char>(static_cast<unsigned char>(bitmap[i / 8]) | (1U << (i % 8)));
    kept.push_back(tensor.codes[i]);
  }
  return bitmap + pack_codes(kept, tensor.bits);
}

std::vector<std::int8_t> decode_bitmap(std::string_view bytes, std::int64_t elements, int bits,
                                       const std::string& place) {
  const auto map_bytes = static_cast<std::size_t>(bitmap_bytes(elements));
  if (bytes.size() < map_bytes)
    fail(ErrorKind::bad_data, place, "a bitmap of {} elements takes {} bytes, got {}", elements, map_bytes,
         bytes.size());
  std::int64_t population = 0;
  for (const unsigned char byte : bytes.substr(0, map_bytes)) population += std::popcount(byte);
  if (elements % 8 != 0 && static_cast<unsigned char>(bytes[map_bytes - 1]) >> (elements % 8) != 0)
    fail(ErrorKind::bad_data, place, "unused bits of the bitmap are not zero");
  const auto kept = unpack_codes(bytes.substr(map_bytes), population, bits, place);
  std::vector<std::int8_t> codes(static_cast<std::size_t>(elements), 0);
  std::size_t next = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (((static_cast<unsigned char>(bytes[i / 8]) >> (i % 8)) & 1U) == 0) continue;
    if (kept[next] == 0) fail(ErrorKind::bad_data, place, "element {} is in the bitmap, but its code is zero", i);
    codes[i] = kept[next++];
  }
  return codes;
}

Description parse_description(const Json& json, const std::string& place) {
  const auto wrong = [&] { fail(ErrorKind::bad_data, place, "not a description of a tensor: {}", json.dump()); };
  if (!json.is_object() || json.size() != 4 || !json.contains("encoding") || !json.contains("bits") ||
      !json.contains("scale") || !json.contains("shape"))
    wrong();
  const Json &encoding = json["encoding"], &bits = json["bits"], &scale = json["scale"];
  if (encoding != name_of(Encoding::dense) && encoding != name_of(Encoding::bitmap)) wrong();
  if (!bits.is_number_unsigned() || bits.get<std::uint64_t>() < 2 || bits.get<std::uint64_t>() > 8) wrong();
  // Compared as a double first: a conversion to float that overflows is undefined.
  if (!scale.is_number() || !(scale.get<double>() > 0) ||
      scale.get<double>() > static_cast<double>(std::numeric_limits<float>::max()))
    wrong();
  net::Shape shape;
  for (const auto& extent : json["shape"]) {
    if (!extent.is_number_unsigned()) wrong();
    shape.push_back(extent.get<std::int64_t>());
  }
  return {encoding == name_of(Encoding::dense) ? Encoding::dense : Encoding::bitmap, bits.get<int>(),
          static_cast<float>(scale.get<double>()), shape};
}

/// FNV-1a over everything that means something: metadata and tensors in order of name, each part after its length. A
/// tool that reorders or pads the file does not disturb it.
std::string checksum(const SafeTensors& file) {
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

const std::string& required(const SafeTensors& file, const char* key, std::string_view place) {
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

PackedTensor decode(const Tensor& stored, const Json& descriptions, const std::string& name, const std::string& place) {
  PackedTensor tensor;
  if (!descriptions.contains(name)) {
    tensor.shape = stored.shape;
    tensor.values = values_of<float>(stored, place);
    return tensor;
  }
  const Description description = parse_description(descriptions[name], place);
  check_dtype(stored, "U8", place);
  // A code takes at least an eighth of a byte, so that the stored size bounds what a hostile shape may ask for.
  std::int64_t elements = 1;
  for (const auto extent : description.shape) {
    if (extent < 1 || elements > static_cast<std::int64_t>(stored.bytes.size()) * 8 / extent)
      fail(ErrorKind::bad_data, place, "{} bytes are too few for {}", stored.bytes.size(),
           net::to_string(description.shape));
    elements *= extent;
  }
  tensor.shape = description.shape;
  tensor.bits = description.bits;
  tensor.scale = description.scale;
  tensor.codes = description.encoding == Encoding::dense ? unpack_codes(stored.bytes, elements, tensor.bits, place)
                                                         : decode_bitmap(stored.bytes, elements, tensor.bits, place);
  return tensor;
}

Tensor encode(const PackedTensor& tensor) {
  const Encoding encoding = encoding_of(tensor);
  if (encoding == Encoding::f32) return make_tensor(tensor.shape, tensor.values);
  std::string bytes = encoding == Encoding::dense ? pack_codes(tensor.codes, tensor.bits) : encode_bitmap(tensor);
  const auto size = static_cast<std::int64_t>(bytes.size());
  return {"U8", {size}, std::move(bytes)};
}

}  // namespace

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::f32: return "f32";
    case Encoding::dense: return "dense";
    case Encoding::bitmap: return "bitmap";
  }
  return "?";
}

Encoding encoding_of(const PackedTensor& tensor) {
  if (tensor.bits == 32) return Encoding::f32;
  const auto elements = static_cast<std::int64_t>(tensor.codes.size());
  const std::int64_t sparse = bitmap_bytes(elements) + packed_code_bytes(nonzeros(tensor), tensor.bits);
  return sparse < packed_code_bytes(elements, tensor.bits) ? Encoding::bitmap : Encoding::dense;
}

std::int64_t packed_bytes(const PackedTensor& tensor) {
  const auto elements = static_cast<std::int64_t>(tensor.codes.size());
  switch (encoding_of(tensor)) {
    case Encoding::f32: return static_cast<std::int64_t>(tensor.values.size()) * 4;
    case Encoding::dense: return packed_code_bytes(elements, tensor.bits);
    case Encoding::bitmap: return bitmap_bytes(elements) + packed_code_bytes(nonzeros(tensor), tensor.bits);
  }
  return 0;
}

std::vector<float> dequantize(const PackedTensor& tensor) {
  if (tensor.bits == 32) return tensor.values;
  std::vector<float> values(tensor.codes.size());
  std::transform(tensor.codes.begin(), tensor.codes.end(), values.begin(),
                 [&](std::int8_t code) { return tensor.scale * static_cast<float>(code); });
  return values;
}

std::string to_bytes(const PackedModel& model) {
  check_model(model);
  SafeTensors file{{}, model.metadata};
  Json descriptions = Json::object();
  for (const auto& [name, tensor] : model.tensors) {
    file.tensors[name] = encode(tensor);
    if (tensor.bits == 32) continue;
    descriptions[name] = {{"encoding", name_of(encoding_of(tensor))}, {"bits", tensor.bits},
                          {"scale", static_cast<double>(tensor.scale)}, {"shape", tensor.shape}};
  }
  file.metadata[version_key] = format_version;
  file.metadata[net_key] = net::to_json(model.net, -1);
  file.metadata[tensors_key] = descriptions.dump();
  file.metadata[checksum_key] = checksum(file);
  return to_bytes(file);
}

PackedModel model_from_bytes(std::string_view bytes, std::string_view place) {
  const SafeTensors file = from_bytes(bytes, place);
  const std::string& version = required(file, version_key, place);
  if (version != format_version)
    fail(ErrorKind::unsupported, place, "format version '{}' (this build reads version {})", version, format_version);
  if (required(file, checksum_key, place) != checksum(file))
    fail(ErrorKind::bad_data, place, "the checksum disagrees: the file is corrupt");
  const Json descriptions = parse_descriptions(required(file, tensors_key, place), place);
  check_nesting(required(file, net_key, place), net_key, place);
  PackedModel model{net::from_json(required(file, net_key, place), place), {}, {}};
  for (const auto& [name, stored] : file.tensors)
    model.tensors[name] = decode(stored, descriptions, name, fmt::format("{}: {}", place, name));
  for (const auto& [name, ignored] : descriptions.items())
    if (!file.tensors.contains(name)) fail(ErrorKind::bad_data, place, "tensor '{}' is described but missing", name);
  for (const auto& [key, value] : file.metadata)
    if (key != version_key && key != net_key && key != tensors_key && key != checksum_key) model.metadata[key] = value;
  check_model(model, place, ErrorKind::bad_data);
  return model;
}

PackedModel read_model(const std::filesystem::path& path) { return model_from_bytes(read_file(path), path.string()); }

void write_model(const std::filesystem::path& path, const PackedModel& model) {
  write_file_atomically(path, to_bytes(model));
}

}  // namespace tern::pack
