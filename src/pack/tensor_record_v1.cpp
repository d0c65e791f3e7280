// Tensors as format version 1 stored them.
#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "pack/bits.hpp"
#include "pack/tensor_record.hpp"

namespace tern::pack {
namespace {

using Json = nlohmann::json;

std::vector<std::int16_t> codes_of(const std::vector<std::uint32_t>& fields, int bits) {
  std::vector<std::int16_t> codes(fields.size());
  std::transform(fields.begin(), fields.end(), codes.begin(),
                 [bits](std::uint32_t field) { return static_cast<std::int16_t>(to_code(field, bits)); });
  return codes;
}

std::vector<std::int16_t> decode_bitmap(std::string_view bytes, std::int64_t elements, int bits,
                                        const std::string& place) {
  const auto map_bytes = static_cast<std::size_t>(packed_field_bytes(elements, 1));
  if (bytes.size() < map_bytes)
    fail(ErrorKind::bad_data, place, "a bitmap of {} elements takes {} bytes, got {}", elements, map_bytes,
         bytes.size());
  const auto map = unpack_fields(bytes.substr(0, map_bytes), elements, 1, place);
  const auto kept = codes_of(
      unpack_fields(bytes.substr(map_bytes), std::count(map.begin(), map.end(), 1U), bits, place), bits);
  std::vector<std::int16_t> codes(map.size(), 0);
  for (std::size_t i = 0, next = 0; i < map.size(); ++i) {
    if (map[i] == 0) continue;
    if (kept[next] == 0)
      fail(ErrorKind::bad_data, place, "element {} is in the bitmap, but its code is zero", i);
    codes[i] = kept[next++];
  }
  return codes;
}

bool is_description(const Json& json) {
  if (!json.is_object() || json.size() != 4 || !json.contains("encoding") || !json.contains("bits") ||
      !json.contains("scale") || !json.contains("shape") || !json["shape"].is_array())
    return false;
  const Json &bits = json["bits"], &scale = json["scale"];
  if (json["encoding"] != "dense" && json["encoding"] != "bitmap") return false;
  if (!bits.is_number_unsigned() || bits.get<std::uint64_t>() < 2 || bits.get<std::uint64_t>() > 8)
    return false;
  // Compared as a double first: a conversion to float that overflows is undefined.
  return scale.is_number() && scale.get<double>() > 0 &&
         scale.get<double>() <= static_cast<double>(std::numeric_limits<float>::max());
}

}  // namespace

PackedTensor decode_tensor_v1(const TensorView& stored, const Json& json, const net::Shape& expected,
                              const std::string& place) {
  if (!is_description(json))
    fail(ErrorKind::bad_data, place, "not a description of a tensor: {}", json.dump());
  check_dtype(stored, "U8", place);
  PackedTensor tensor;
  std::int64_t elements = 1;  // a code takes at least an eighth of a byte
  for (const auto& extent : json["shape"]) {
    if (!extent.is_number_unsigned())
      fail(ErrorKind::bad_data, place, "not a description of a tensor: {}", json.dump());
    tensor.shape.push_back(extent.get<std::int64_t>());
    if (tensor.shape.back() < 1 ||
        elements > static_cast<std::int64_t>(stored.bytes.size()) * 8 / tensor.shape.back())
      fail(ErrorKind::bad_data, place, "{} bytes are too few for {}", stored.bytes.size(),
           json["shape"].dump());
    elements *= tensor.shape.back();
  }
  check_shape(tensor.shape, expected, place);
  tensor.bits = json["bits"].get<int>();
  tensor.scales = {static_cast<float>(json["scale"].get<double>())};
  tensor.codes = json["encoding"] == "dense"
                     ? codes_of(unpack_fields(stored.bytes, elements, tensor.bits, place), tensor.bits)
                     : decode_bitmap(stored.bytes, elements, tensor.bits, place);
  return tensor;
}

}  // namespace tern::pack
