#include "graph/mapped_matrix.hpp"

#include <cstring>
#include <regex>
#include <string>

#include "base/error.hpp"

namespace tern::graph {
namespace {

constexpr std::size_t prefix_bytes = 10;  // "\x93NUMPY", version, length of the text
constexpr std::string_view magic("\x93NUMPY\x01\x00", 8);

/// The header of a matrix, padded so that the values begin at a multiple of 64.
std::string header_of(std::int64_t rows, std::int64_t columns) {
  std::string text =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
  const std::size_t total = (prefix_bytes + text.size() + 1 + 63) / 64 * 64;
  text.resize(total - prefix_bytes - 1, ' ');
  text += '\n';
  std::string out(magic);
  out += static_cast<char>(text.size() & 0xff);
  out += static_cast<char>(text.size() >> 8);
  return out + text;
}

}  // namespace

MappedMatrix MappedMatrix::create(const std::filesystem::path& path, std::int64_t rows,
                                  std::int64_t columns) {
  constexpr std::int64_t most = std::int64_t{1} << 44;
  if (rows < 0 || columns < 0 || (columns > 0 && rows > most / columns))
    fail(ErrorKind::usage, path.string(), "a matrix of {} by {} is not possible", rows, columns);
  const std::string header = header_of(rows, columns);
  MappedMatrix out;
  out.file_ =
      MappedFile::create(path, header.size() + static_cast<std::uint64_t>(rows * columns) * sizeof(float));
  std::memcpy(out.file_->writable(), header.data(), header.size());
  out.offset_ = header.size();
  out.rows_ = rows;
  out.columns_ = columns;
  return out;
}

MappedMatrix MappedMatrix::open(const std::filesystem::path& path) {
  MappedMatrix out;
  out.file_ = MappedFile::open(path);
  const std::string place = path.string();
  const std::string_view bytes(reinterpret_cast<const char*>(out.file_->data()), out.file_->size());
  if (!bytes.starts_with(magic) || bytes.size() < prefix_bytes)
    fail(ErrorKind::bad_data, place, "is not an .npy file of version 1.0");
  const std::size_t length = static_cast<std::uint8_t>(bytes[8]) |
                             static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[9])) << 8;
  if (length > bytes.size() - prefix_bytes) fail(ErrorKind::bad_data, place, "its header is truncated");
  const std::string text(bytes.substr(prefix_bytes, length));
  static const std::regex pattern(
      R"(\{'descr': '<f4', 'fortran_order': False, 'shape': \((\d{1,12}), (\d{1,12})\), \} *\n)");
  std::smatch match;
  if (!std::regex_match(text, match, pattern))
    fail(ErrorKind::bad_data, place, "expected a float32 matrix in C order, its header is {}",
         text.substr(0, 120));
  out.rows_ = std::stoll(match[1]);
  out.columns_ = std::stoll(match[2]);
  out.offset_ = prefix_bytes + length;
  const std::uint64_t left = bytes.size() - out.offset_;
  constexpr std::int64_t most = std::int64_t{1} << 44;
  if (out.offset_ % sizeof(float) != 0 || (out.columns_ > 0 && out.rows_ > most / out.columns_) ||
      static_cast<std::uint64_t>(out.rows_ * out.columns_) * sizeof(float) != left)
    fail(ErrorKind::bad_data, place, "a matrix of {} by {} does not fill its {} bytes", out.rows_,
         out.columns_, left);
  return out;
}

void MappedMatrix::release_rows(std::int64_t first, std::int64_t last) const {
  const auto row_bytes = static_cast<std::size_t>(columns_) * sizeof(float);
  file_->release(offset_ + static_cast<std::size_t>(first) * row_bytes,
                 static_cast<std::size_t>(last - first) * row_bytes);
}

}  // namespace tern::graph
