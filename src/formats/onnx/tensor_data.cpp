// Elements of a TensorProto, from and to whichever field holds them.
#include "formats/onnx/constant.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace tern::onnx {
namespace {

using schema::TensorProto;
static_assert(std::endian::native == std::endian::little, "ONNX data is little-endian");

struct ElementType {
  int type;
  const char* name;
  int bits;
  bool is_signed;
  bool is_float;
};
constexpr ElementType element_types[] = {
    {TensorProto::FLOAT, "float", 32, true, true},       {TensorProto::FLOAT16, "float16", 16, true, true},
    {TensorProto::BFLOAT16, "bfloat16", 16, true, true}, {TensorProto::DOUBLE, "double", 64, true, true},
    {TensorProto::UINT8, "uint8", 8, false, false},      {TensorProto::INT8, "int8", 8, true, false},
    {TensorProto::UINT16, "uint16", 16, false, false},   {TensorProto::INT16, "int16", 16, true, false},
    {TensorProto::INT32, "int32", 32, true, false},      {TensorProto::INT64, "int64", 64, true, false},
    {TensorProto::UINT32, "uint32", 32, false, false},   {TensorProto::BOOL, "bool", 8, false, false},
    {TensorProto::UINT4, "uint4", 4, false, false},      {TensorProto::INT4, "int4", 4, true, false},
};

const ElementType* find_type(int type) {
  for (const auto& row : element_types)
    if (row.type == type) return &row;
  return nullptr;
}

float half_to_float(std::uint16_t half) {
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                          : exponent == 31
                              ? (fraction ? std::nanf("") : std::numeric_limits<float>::infinity())
                              : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}

float float_from_bits(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}

/// Element i of little-endian raw bytes, sign-extended where the type is signed.
std::uint64_t raw_element(const std::string& raw, std::size_t i, int bits) {
  if (bits == 4) return static_cast<std::uint8_t>(raw[i / 2]) >> (i % 2 * 4) & 15;
  std::uint64_t value = 0;
  std::memcpy(&value, raw.data() + i * static_cast<std::size_t>(bits / 8),
              static_cast<std::size_t>(bits / 8));
  return value;
}

std::int64_t extend(std::uint64_t value, const ElementType& type) {
  const int unused = 64 - type.bits;
  if (!type.is_signed) return static_cast<std::int64_t>(value);
  return static_cast<std::int64_t>(value << unused) >> unused;
}

float decode_float(std::uint64_t bits, const ElementType& type) {
  switch (type.type) {
    case TensorProto::FLOAT16:
      return half_to_float(static_cast<std::uint16_t>(bits));
    case TensorProto::BFLOAT16:
      return float_from_bits(static_cast<std::uint32_t>(bits) << 16);
    case TensorProto::DOUBLE:
      return static_cast<float>(std::bit_cast<double>(bits));
    default:
      return float_from_bits(static_cast<std::uint32_t>(bits));
  }
}

/// The bits of element i, from whichever field holds the data; `stored` is set to how many elements that
/// field has.
struct Elements {
  const TensorProto& tensor;
  const ElementType& type;

  std::size_t count() const {
    if (tensor.has_raw_data()) return tensor.raw_data().size() * 8 / static_cast<std::size_t>(type.bits);
    switch (type.type) {
      case TensorProto::FLOAT:
        return static_cast<std::size_t>(tensor.float_data_size());
      case TensorProto::DOUBLE:
        return static_cast<std::size_t>(tensor.double_data_size());
      case TensorProto::INT64:
        return static_cast<std::size_t>(tensor.int64_data_size());
      case TensorProto::UINT32:
        return static_cast<std::size_t>(tensor.uint64_data_size());
      case TensorProto::UINT4:
      case TensorProto::INT4:
        return 2 * static_cast<std::size_t>(tensor.int32_data_size());
      default:
        return static_cast<std::size_t>(tensor.int32_data_size());
    }
  }

  std::uint64_t bits(std::size_t i) const {
    if (tensor.has_raw_data()) return raw_element(tensor.raw_data(), i, type.bits);
    const int at = static_cast<int>(i);
    switch (type.type) {
      case TensorProto::FLOAT:
        return std::bit_cast<std::uint32_t>(tensor.float_data(at));
      case TensorProto::DOUBLE:
        return std::bit_cast<std::uint64_t>(tensor.double_data(at));
      case TensorProto::INT64:
        return static_cast<std::uint64_t>(tensor.int64_data(at));
      case TensorProto::UINT32:
        return tensor.uint64_data(at) & 0xFFFFFFFFU;
      case TensorProto::UINT4:
      case TensorProto::INT4:
        return static_cast<std::uint32_t>(tensor.int32_data(at / 2)) >> (at % 2 * 4) & 15;
      default: {
        const auto word = static_cast<std::uint32_t>(tensor.int32_data(at));
        return type.bits == 32 ? word : word & ((1U << type.bits) - 1);
      }
    }
  }
};

std::int64_t checked_size(const TensorProto& tensor, const std::string& place) {
  std::int64_t size = 1;
  for (const auto extent : tensor.dims())
    if (extent < 0 || __builtin_mul_overflow(size, extent, &size) || size > std::int64_t{1} << 31)
      fail(ErrorKind::bad_data, place, "its dims are negative or too large");
  return size;
}

}  // namespace

bool Constant::is_float() const {
  return find_type(data_type)->is_float;
}

int bits_of(int data_type) {
  const ElementType* const type = find_type(data_type);
  return type && !type->is_float ? type->bits : 0;
}

bool is_signed(int data_type) {
  const ElementType* const type = find_type(data_type);
  return type && type->is_signed;
}

std::string name_of_type(int data_type) {
  const ElementType* const type = find_type(data_type);
  return type ? type->name : fmt::format("element type {}", data_type);
}

Constant read_tensor(const TensorProto& tensor, const std::string& outer) {
  const std::string place = fmt::format("{}: tensor '{}'", outer, tensor.name());
  if (tensor.data_location() == TensorProto::EXTERNAL || tensor.external_data_size() > 0)
    fail(ErrorKind::unsupported, place,
         "its data lies outside of the file: save the model with its data inside");
  const ElementType* const type = find_type(tensor.data_type());
  if (!type) fail(ErrorKind::unsupported, place, "{} is not read", name_of_type(tensor.data_type()));
  const std::int64_t size = checked_size(tensor, place);
  const Elements elements{tensor, *type};
  const auto wanted = static_cast<std::size_t>(size), stored = elements.count();
  const bool fits = type->bits == 4 ? stored == wanted + wanted % 2 : stored == wanted;
  if (!fits || (tensor.has_raw_data() && type->bits > 8 &&
                tensor.raw_data().size() % static_cast<std::size_t>(type->bits / 8) != 0))
    fail(ErrorKind::bad_data, place, "its dims ask for {} elements of {}, its data holds {}", size,
         type->name, stored);
  Constant constant{{tensor.dims().begin(), tensor.dims().end()}, type->type};
  if (type->is_float) {
    constant.floats.resize(wanted);
    for (std::size_t i = 0; i < wanted; ++i) constant.floats[i] = decode_float(elements.bits(i), *type);
  } else {
    constant.integers.resize(wanted);
    for (std::size_t i = 0; i < wanted; ++i) constant.integers[i] = extend(elements.bits(i), *type);
  }
  return constant;
}

TensorProto write_tensor(const Constant& constant, const std::string& name) {
  TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(constant.data_type);
  for (const auto extent : constant.shape) tensor.add_dims(extent);
  std::string& raw = *tensor.mutable_raw_data();
  const auto append = [&raw](const void* element, std::size_t bytes) {
    raw.append(static_cast<const char*>(element), bytes);
  };
  for (const float value : constant.floats) append(&value, sizeof value);
  for (const std::int64_t value : constant.integers)
    append(&value, static_cast<std::size_t>(bits_of(constant.data_type) / 8));
  return tensor;
}

}  // namespace tern::onnx
