// The public safetensors format: named tensors and text metadata in one file that needs no code to be loaded.
//
// `pack` owns bytes on disk: the safetensors container, low-bit codes and the `.tern` file (a safetensors file that
// holds a Net and its packed weights). It knows what a Net is; it must not know how one is computed or trained.
// docs/FORMAT.md describes every byte.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/types.hpp"

namespace tern::pack {

/// One tensor as it lies in the file. `bytes` is row-major and little-endian, num_elements(shape) * dtype_bytes(dtype)
/// of them. An empty shape is a scalar; an extent of 0 is an empty tensor.
struct Tensor {
  std::string dtype;  ///< "F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8" or "BOOL"
  net::Shape shape;
  std::string bytes;
  bool operator==(const Tensor&) const = default;
};

/// The same in bytes that somebody else holds. A Tensor serves wherever a view is asked for.
struct TensorView {
  TensorView() = default;
  TensorView(std::string_view type, net::Shape extents, std::string_view held)
      : dtype(type), shape(std::move(extents)), bytes(held) {}
  TensorView(const Tensor& tensor) : dtype(tensor.dtype), shape(tensor.shape), bytes(tensor.bytes) {}

  std::string dtype;
  net::Shape shape;
  std::string_view bytes;
};

/// A file as it lies in memory or in a MappedFile: nothing but its header is copied.
struct SafeTensorsView {
  std::map<std::string, TensorView> tensors;
  std::map<std::string, std::string> metadata;
};

/// A whole file in memory.
struct SafeTensors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;  ///< the header's "__metadata__": text by name
  bool operator==(const SafeTensors&) const = default;
};

/// Bytes of one element. Errors: ErrorKind::bad_data for an unknown dtype, with `place`.
std::int64_t dtype_bytes(std::string_view dtype, std::string_view place = {});

/// The file's bytes: 8-byte little-endian header length, JSON header padded with spaces to a multiple of 8, data
/// without gaps. Tensors lie by falling element size, then by name, so that each is aligned to its element.
/// Deterministic: equal values give equal bytes.
/// Errors: ErrorKind::usage for a tensor whose bytes do not fit its shape, a reserved name ("__metadata__") or text
/// that is not UTF-8.
std::string to_bytes(const SafeTensors& file);

/// Reads what to_bytes or any other safetensors writer wrote. The input may be hostile: header length, JSON, names,
/// dtypes, shapes and offsets are checked, sizes for overflow, and the tensors must fill the data exactly, without
/// overlap, gap or trailing bytes. It takes time and memory in proportion to the bytes.
/// Errors: ErrorKind::bad_data; `place` (a file) comes first in the message.
SafeTensorsView view_bytes(std::string_view bytes, std::string_view place = "safetensors");
SafeTensors from_bytes(std::string_view bytes, std::string_view place = "safetensors");

/// The same from and to a file. The file is written whole or not at all. Errors: also ErrorKind::io.
SafeTensors read_safetensors(const std::filesystem::path& path);
void write_safetensors(const std::filesystem::path& path, const SafeTensors& file);

/// The dtype that stores a C++ type: float "F32", double "F64", std::int8_t "I8", std::uint8_t "U8", ...
template <typename T>
constexpr const char* dtype_of() {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, long double>);
  if constexpr (std::is_same_v<T, bool>) return "BOOL";
  else if constexpr (std::is_floating_point_v<T>) return sizeof(T) == 4 ? "F32" : "F64";
  else if constexpr (sizeof(T) == 1) return std::is_signed_v<T> ? "I8" : "U8";
  else if constexpr (sizeof(T) == 2) return std::is_signed_v<T> ? "I16" : "U16";
  else if constexpr (sizeof(T) == 4) return std::is_signed_v<T> ? "I32" : "U32";
  else return std::is_signed_v<T> ? "I64" : "U64";
}

/// Throws ErrorKind::usage unless `count` values fill `shape`.
void check_count(const net::Shape& shape, std::size_t count);
/// Throws ErrorKind::bad_data "PLACE: expected dtype F32, got I8" unless the tensor has that dtype.
void check_dtype(const TensorView& tensor, std::string_view dtype, std::string_view place);

/// A tensor of `values`, row-major. REQUIRES: values.size() == num_elements(shape), else ErrorKind::usage.
template <typename T>
Tensor make_tensor(net::Shape shape, std::span<const T> values) {
  check_count(shape, values.size());
  return {dtype_of<T>(), std::move(shape),
          std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes())};
}
template <typename T>
Tensor make_tensor(net::Shape shape, const std::vector<T>& values) {
  return make_tensor(std::move(shape), std::span<const T>(values));
}
/// A scalar: shape [].
template <typename T>
Tensor make_scalar(T value) {
  return make_tensor({}, std::span<const T>(&value, 1));
}

/// The values of a tensor whose dtype is exactly T's. Errors: ErrorKind::bad_data with `place` (the tensor's name).
template <typename T>
std::vector<T> values_of(const TensorView& tensor, std::string_view place) {
  check_dtype(tensor, dtype_of<T>(), place);
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(T));
  return values;
}

/// The tensor called `name`. Errors: ErrorKind::bad_data "PLACE: tensor 'x' is missing".
const Tensor& find_tensor(const SafeTensors& file, const std::string& name, std::string_view place);

}  // namespace tern::pack
