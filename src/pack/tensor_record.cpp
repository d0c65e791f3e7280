#include "pack/tensor_record.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "pack/storage_encoding.hpp"

namespace tern::pack {
namespace {

using Json = nlohmann::json;

/// A tensor has at most this many elements for each stored byte, so that the file's size bounds what hostile
/// bytes may ask for.
constexpr std::int64_t most_elements_a_byte = 256;

/// About what a description adds to the header: floats are encoded only where that saves more.
constexpr std::size_t description_bytes = 64;

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<float> take_floats(std::string_view& bytes, std::int64_t count, const std::string& place) {
  if (count > static_cast<std::int64_t>(bytes.size() / sizeof(float)))
    fail(ErrorKind::bad_data, place, "{} scales or codebook values, {} bytes are left", count, bytes.size());
  std::vector<float> values(static_cast<std::size_t>(count));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  bytes.remove_prefix(values.size() * sizeof(float));
  return values;
}

/// Whole numbers of a JSON array, each in 1 .. 2^40. Empty where it is none.
std::vector<std::int64_t> extents(const Json& json) {
  std::vector<std::int64_t> values;
  if (!json.is_array()) return {};
  for (const auto& value : json) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 ||
        value.get<std::uint64_t>() >> 40 != 0)
      return {};
    values.push_back(value.get<std::int64_t>());
  }
  return values;
}

std::int64_t checked_elements(const net::Shape& shape, std::size_t stored_bytes, const std::string& place) {
  std::int64_t elements = 1;
  for (const auto extent : shape) {
    if (elements > static_cast<std::int64_t>(stored_bytes) * most_elements_a_byte / extent)
      fail(ErrorKind::bad_data, place, "{} bytes are too few for {}", stored_bytes, net::to_string(shape));
    elements *= extent;
  }
  return elements;
}

bool is_encoding(const Json& json) {
  const auto& table = storage_encoding_table();
  return std::any_of(table.begin(), table.end(), [&](const auto& row) { return json == row.info.name; });
}

bool is_description(const Json& json) {
  if (!json.is_object() || !json.contains("encoding") || !is_encoding(json["encoding"]) ||
      !json.contains("bits") || !json["bits"].is_number_unsigned() || !json.contains("shape"))
    return false;
  const auto bits = json["bits"].get<std::uint64_t>();
  const bool has_codes = json.contains("scales"), has_book = json.contains("codebook");
  return (bits == 32 || (bits >= 1 && bits <= 16)) && !extents(json["shape"]).empty() &&
         has_codes == (bits != 32) && (!has_book || has_codes) && json.size() == 3U + has_codes + has_book;
}

}  // namespace

TensorRecord encode_tensor(const PackedTensor& tensor, PackOptions options) {
  TensorRecord best{"f32", false, {}, nullptr};
  if (tensor.is_float()) best.stored = make_tensor(tensor.shape, tensor.values);
  const std::string prefix = bytes_of(tensor.scales) + bytes_of(tensor.codebook);
  const Symbols symbols = to_symbols(tensor);
  std::string bytes;
  bool is_described = false;
  std::size_t least = SIZE_MAX;
  if (tensor.is_float()) least = std::max(best.stored.bytes.size(), description_bytes) - description_bytes;
  for (const auto& row : storage_encoding_table()) {
    if (!row.applies(symbols) || (tensor.is_float() && row.info.name == "dense")) continue;
    SectionWriter writer(options);
    row.write(symbols, writer);
    const std::size_t size = prefix.size() + writer.bytes().size();
    if (size >= least ||
        static_cast<std::int64_t>(size) * most_elements_a_byte < net::num_elements(tensor.shape))
      continue;
    least = size;
    is_described = true;
    best.encoding = row.info.name;
    best.entropy_coded = writer.is_coded();
    bytes = prefix + writer.bytes();
  }
  if (!is_described && tensor.is_float()) return best;
  if (!is_described && options.entropy_coding)
    return encode_tensor(tensor, {.entropy_coding = false});  // too small
  if (!is_described)
    fail(ErrorKind::usage, "tensor", "{} in rows of {} is too large for its codebook",
         net::to_string(tensor.shape), tensor.codebook_dim);
  best.stored = {"U8", {static_cast<std::int64_t>(bytes.size())}, std::move(bytes)};
  best.description = {{"encoding", best.encoding}, {"bits", tensor.bits}, {"shape", tensor.shape}};
  if (!tensor.is_float()) best.description["scales"] = tensor.scales.size();
  if (!tensor.codebook.empty())
    best.description["codebook"] = {tensor.codebook.size() / static_cast<std::size_t>(tensor.codebook_dim),
                                    tensor.codebook_dim};
  return best;
}

void check_shape(const net::Shape& shape, const net::Shape& expected, std::string_view place) {
  if (shape != expected)
    fail(ErrorKind::bad_data, place, "expected {}, got {}", net::to_string(expected), net::to_string(shape));
}

PackedTensor decode_tensor(const TensorView& stored, const Json& json, const net::Shape& expected,
                           const std::string& place) {
  const auto wrong = [&] {
    fail(ErrorKind::bad_data, place, "not a description of a tensor: {}", json.dump());
  };
  if (!is_description(json)) wrong();
  check_dtype(stored, "U8", place);
  PackedTensor tensor;
  tensor.bits = json["bits"].get<int>();
  tensor.shape = extents(json["shape"]);
  check_shape(tensor.shape, expected, place);
  std::int64_t count = checked_elements(tensor.shape, stored.bytes.size(), place);
  std::string_view bytes = stored.bytes;
  if (json.contains("scales")) {
    const auto scales = extents(Json::array({json["scales"]}));
    if (scales.empty()) wrong();
    tensor.scales = take_floats(bytes, scales[0], place);
  }
  if (json.contains("codebook")) {
    const auto book = extents(json["codebook"]);
    if (book.size() != 2 || book[0] > 1 << 15 || book[1] > count || count % book[1] != 0) wrong();
    tensor.codebook_dim = book[1];
    tensor.codebook = take_floats(bytes, book[0] * book[1], place);
    count /= book[1];
  }
  Symbols symbols = blank_symbols(tensor, count);
  SectionReader reader(bytes, place);
  const auto& row = find_storage_encoding(json["encoding"].get<std::string>(), place);
  row.read(reader, symbols);
  reader.end();
  from_symbols(symbols, tensor);
  return tensor;
}

}  // namespace tern::pack
