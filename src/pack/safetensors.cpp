#include "pack/safetensors.hpp"

#include <algorithm>
#include <bit>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/mapped_file.hpp"
#include "pack/safetensors_header.hpp"

namespace tern::pack {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors lie little-endian in memory and in the file");

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t most_header_bytes = 100'000'000;  // the reference implementation's limit

/// Where each tensor goes: by falling element size, then by name.
Header layout(const SafeTensors& file) {
  Header header{{}, file.metadata};
  for (const auto& [name, tensor] : file.tensors) {
    const std::string place = fmt::format("tensor '{}'", name);
    if (name == "__metadata__") fail(ErrorKind::usage, place, "the name is reserved");
    const std::uint64_t bytes = checked_bytes(tensor.shape, tensor.dtype, place, ErrorKind::usage);
    if (bytes != tensor.bytes.size())
      fail(ErrorKind::usage, place, "{} {} takes {} bytes, got {}", tensor.dtype, net::to_string(tensor.shape), bytes,
           tensor.bytes.size());
    header.entries.push_back({name, tensor.dtype, tensor.shape, 0, bytes});
  }
  std::stable_sort(header.entries.begin(), header.entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return dtype_bytes(a.dtype) > dtype_bytes(b.dtype);
  });
  std::uint64_t position = 0;
  for (auto& entry : header.entries) {
    entry.begin = position;
    position = entry.end += position;
  }
  return header;
}

void check_positions(const Header& header, std::uint64_t data_bytes, std::string_view place) {
  std::uint64_t position = 0;
  for (const auto& entry : header.entries) {
    const std::string tensor = fmt::format("{}: tensor '{}'", place, entry.name);
    if (entry.end > data_bytes)
      fail(ErrorKind::bad_data, tensor, "ends at byte {} of {} of the data", entry.end, data_bytes);
    if (entry.begin < position)
      fail(ErrorKind::bad_data, tensor, "begins at {}, inside the tensor before it, which ends at {}", entry.begin,
           position);
    if (entry.begin > position)
      fail(ErrorKind::bad_data, tensor, "begins at {}, but the tensor before it ends at {}", entry.begin, position);
    position = entry.end;
  }
  if (position != data_bytes)
    fail(ErrorKind::bad_data, place, "{} bytes follow the last tensor", data_bytes - position);
}

}  // namespace

std::string to_bytes(const SafeTensors& file) {
  const Header header = layout(file);
  std::string text = print_header(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), length_bytes);
  bytes.reserve(length_bytes + text.size() + (header.entries.empty() ? 0 : header.entries.back().end));
  bytes += text;
  for (const auto& entry : header.entries) bytes += file.tensors.at(entry.name).bytes;
  return bytes;
}

SafeTensorsView view_bytes(std::string_view bytes, std::string_view place) {
  if (bytes.size() < length_bytes)
    fail(ErrorKind::bad_data, place, "expected at least {} bytes, got {}", length_bytes, bytes.size());
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), length_bytes);
  const std::uint64_t rest = bytes.size() - length_bytes;
  if (length > most_header_bytes || length > rest)
    fail(ErrorKind::bad_data, place, "a header of {} bytes does not fit into a file of {}", length, bytes.size());
  const Header header = parse_header(bytes.substr(length_bytes, length), place);
  const std::string_view data = bytes.substr(length_bytes + length);
  check_positions(header, data.size(), place);
  SafeTensorsView file{{}, header.metadata};
  for (const auto& entry : header.entries)
    file.tensors[entry.name] = {entry.dtype, entry.shape, data.substr(entry.begin, entry.end - entry.begin)};
  return file;
}

SafeTensors from_bytes(std::string_view bytes, std::string_view place) {
  SafeTensorsView view = view_bytes(bytes, place);
  SafeTensors file{{}, std::move(view.metadata)};
  for (auto& [name, tensor] : view.tensors)
    file.tensors[name] = {std::move(tensor.dtype), std::move(tensor.shape), std::string(tensor.bytes)};
  return file;
}

SafeTensors read_safetensors(const std::filesystem::path& path) {
  const MappedFile file(path);
  return from_bytes(file.bytes(), path.string());
}

void write_safetensors(const std::filesystem::path& path, const SafeTensors& file) {
  write_file_atomically(path, to_bytes(file));
}

void check_count(const net::Shape& shape, std::size_t count) {
  const std::uint64_t expected = checked_bytes(shape, "U8", "tensor", ErrorKind::usage);
  if (expected != count)
    fail(ErrorKind::usage, "tensor", "{} takes {} values, got {}", net::to_string(shape), expected, count);
}

void check_dtype(const TensorView& tensor, std::string_view dtype, std::string_view place) {
  if (tensor.dtype != dtype) fail(ErrorKind::bad_data, place, "expected dtype {}, got {}", dtype, tensor.dtype);
}

const Tensor& find_tensor(const SafeTensors& file, const std::string& name, std::string_view place) {
  const auto found = file.tensors.find(name);
  if (found == file.tensors.end()) fail(ErrorKind::bad_data, place, "tensor '{}' is missing", name);
  return found->second;
}

}  // namespace tern::pack
