// Bounds-checked reading of binary records; every failure names the file and the byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace tern::formats {

/// A position in the bytes of a file. Nothing is copied: `bytes` must outlive the reader.
/// Errors: all reads throw bad_data, place "NAME: byte N", when the file ends inside what they read.
class ByteReader {
 public:
  ByteReader(std::string_view bytes, std::string_view name, std::size_t offset = 0)
      : bytes_(bytes), name_(name), offset_(offset) {}

  std::size_t offset() const { return offset_; }
  std::size_t left() const { return bytes_.size() - offset_; }
  bool at_end() const { return offset_ >= bytes_.size(); }

  std::string_view take(std::size_t count, std::string_view what) {
    if (count > left()) fail_here("truncated: {} needs {} bytes, {} are left", what, count, left());
    const std::string_view taken = bytes_.substr(offset_, count);
    offset_ += count;
    return taken;
  }
  std::uint8_t u8(std::string_view what) { return static_cast<std::uint8_t>(little(1, what)); }
  std::uint16_t u16(std::string_view what) { return static_cast<std::uint16_t>(little(2, what)); }
  std::uint32_t u32(std::string_view what) { return static_cast<std::uint32_t>(little(4, what)); }
  std::int32_t i32(std::string_view what) { return static_cast<std::int32_t>(little(4, what)); }
  std::uint32_t u32_big(std::string_view what) {
    const std::string_view b = take(4, what);
    std::uint32_t value = 0;
    for (const char byte : b) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }

  /// The next line without its line end (LF or CR LF); a last line without one is truncated.
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', offset_);
    if (end == std::string_view::npos) fail_here("truncated: header line without end");
    std::string_view text = bytes_.substr(offset_, end - offset_);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    offset_ = end + 1;
    return text;
  }
  /// Whether the next bytes are `text`.
  bool looking_at(std::string_view text) const { return bytes_.substr(offset_).starts_with(text); }

  template <typename... Args>
  [[noreturn]] void fail_at(std::size_t byte, fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(ErrorKind::bad_data, fmt::format(format, std::forward<Args>(args)...),
                fmt::format("{}: byte {}", name_, byte));
  }
  template <typename... Args>
  [[noreturn]] void fail_here(fmt::format_string<Args...> format, Args&&... args) const {
    fail_at(offset_, format, std::forward<Args>(args)...);
  }

 private:
  std::uint32_t little(std::size_t count, std::string_view what) {
    const std::string_view b = take(count, what);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
      value |= std::uint32_t{static_cast<std::uint8_t>(b[i])} << (8 * i);
    return value;
  }

  std::string_view bytes_;
  std::string_view name_;
  std::size_t offset_;
};

}  // namespace tern::formats
