#include "formats/numpy/numpy_array.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/error.hpp"

namespace tern::formats {
namespace {

using Index = std::size_t;
constexpr std::int64_t most_values = std::int64_t{1} << 40;

std::int64_t item_bytes(const NumpyArray& array) {
  std::int64_t bytes = 0;
  std::from_chars(array.type.data() + 1, array.type.data() + array.type.size(), bytes);
  return array.type[0] == 'U' ? 4 * bytes : bytes;
}

template <typename T>
T item(const NumpyArray& array, Index i) {
  char raw[sizeof(T)];
  std::memcpy(raw, array.bytes.data() + i * sizeof(T), sizeof(T));
  if (array.big_endian)
    for (Index k = 0; k < sizeof(T) / 2; ++k) std::swap(raw[k], raw[sizeof(T) - 1 - k]);
  T value;
  std::memcpy(&value, raw, sizeof(T));
  return value;
}

/// Calls put(row-major place, place in the bytes) for every value.
template <typename Put>
void for_each_place(const NumpyArray& array, const Put& put) {
  const auto count = static_cast<Index>(array.size());
  if (!array.fortran_order || array.shape.size() < 2) {
    for (Index i = 0; i < count; ++i) put(i, i);
    return;
  }
  std::vector<std::int64_t> index(array.shape.size(), 0);
  for (Index stored = 0; stored < count; ++stored) {
    std::int64_t place = 0;
    for (Index axis = 0; axis < index.size(); ++axis) place = place * array.shape[axis] + index[axis];
    put(static_cast<Index>(place), stored);
    for (Index axis = 0; axis < index.size() && ++index[axis] == array.shape[axis]; ++axis) index[axis] = 0;
  }
}

template <typename To, typename From, typename Convert>
std::vector<To> converted(const NumpyArray& array, const Convert& convert) {
  std::vector<To> out(static_cast<Index>(array.size()));
  for_each_place(array, [&](Index place, Index stored) { out[place] = convert(item<From>(array, stored)); });
  return out;
}

/// Dispatches over the numeric types.
template <typename To, typename Convert>
std::vector<To> numbers(const NumpyArray& array, const Convert& convert, std::string_view place) {
  const std::string& t = array.type;
  if (t == "f4") return converted<To, float>(array, convert);
  if (t == "f8") return converted<To, double>(array, convert);
  if (t == "i1") return converted<To, std::int8_t>(array, convert);
  if (t == "i2") return converted<To, std::int16_t>(array, convert);
  if (t == "i4") return converted<To, std::int32_t>(array, convert);
  if (t == "i8") return converted<To, std::int64_t>(array, convert);
  if (t == "u1" || t == "b1") return converted<To, std::uint8_t>(array, convert);
  if (t == "u2") return converted<To, std::uint16_t>(array, convert);
  if (t == "u4") return converted<To, std::uint32_t>(array, convert);
  if (t == "u8") return converted<To, std::uint64_t>(array, convert);
  fail(ErrorKind::bad_data, place, "expected an array of numbers, got type {}", t);
}

template <typename To>
std::vector<To> integers_as(const NumpyArray& array, std::string_view place) {
  return numbers<To>(
      array,
      [&](auto value) {
        bool fits = true;
        if constexpr (std::is_floating_point_v<decltype(value)>)
          fits = value == std::trunc(value) && std::abs(value) < 9e15 &&
                 value >= static_cast<double>(std::numeric_limits<To>::min()) &&
                 value <= static_cast<double>(std::numeric_limits<To>::max());
        else
          fits = std::in_range<To>(value);
        if (!fits) fail(ErrorKind::bad_data, place, "{} is no integer of {} bits", value, 8 * sizeof(To));
        return static_cast<To>(value);
      },
      place);
}

/// f4, f8, i1 .. i8, u1 .. u8, b1, S and U with up to six digits.
bool is_known_type(std::string_view type) {
  for (const std::string_view known : {"f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
    if (type == known) return true;
  const bool is_text = type.starts_with('S') || type.starts_with('U');
  return is_text && type.size() >= 2 && type.size() <= 7 &&
         type.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

/// The three members of an .npy header, as they are written.
struct Header {
  std::string_view type, extents;
  bool fortran_order = false;
};

/// Reads a header from front to back.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : text_(text) {}

  /// White space, then `part`.
  bool skip(std::string_view part) {
    skip_space();
    if (!text_.starts_with(part)) return false;
    text_.remove_prefix(part.size());
    return true;
  }
  /// What stands before the next `end`, which is skipped too.
  bool take_until(char end, std::string_view& out) {
    const Index at = text_.find(end);
    if (at == std::string_view::npos) return false;
    out = text_.substr(0, at);
    text_.remove_prefix(at + 1);
    return true;
  }
  bool is_at_end() {
    skip_space();
    return text_.empty();
  }

 private:
  void skip_space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\n\v\f\r"), text_.size())); }

  std::string_view text_;
};

/// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
bool parse_header(std::string_view header, Header& out) {
  HeaderText text(header);
  if (!text.skip("{") || !text.skip("'descr':") || !text.skip("'") || !text.take_until('\'', out.type)) return false;
  if (!text.skip(",") || !text.skip("'fortran_order':")) return false;
  out.fortran_order = text.skip("True");
  if ((!out.fortran_order && !text.skip("False")) || !text.skip(",") || !text.skip("'shape':")) return false;
  if (!text.skip("(") || !text.take_until(')', out.extents)) return false;
  if (out.extents.find_first_not_of("0123456789, ") != std::string_view::npos) return false;
  text.skip(",");
  return text.skip("}") && text.is_at_end();
}

}  // namespace

std::int64_t NumpyArray::size() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

void set_type(NumpyArray& array, std::string_view descriptor, std::string_view place) {
  std::string_view text = descriptor;
  array.big_endian = text.starts_with('>');
  if (!text.empty() && std::string_view("<>|=").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  if (text.starts_with('O')) {
    array.type = "O";
    return;
  }
  array.type = std::string(text);
  if (!is_known_type(text))
    fail(ErrorKind::unsupported, place, "arrays of type '{}' are not read", descriptor.substr(0, 60));
}

void check_bytes(const NumpyArray& array, std::string_view place) {
  std::int64_t count = 1;
  for (const std::int64_t extent : array.shape) {
    if (extent < 0 || (extent > 0 && count > most_values / extent))
      fail(ErrorKind::bad_data, place, "an extent of {} is not possible", extent);
    count *= extent;
  }
  if (array.type == "O") return;
  const std::int64_t needed = count * item_bytes(array);
  if (needed != static_cast<std::int64_t>(array.bytes.size()))
    fail(ErrorKind::bad_data, place, "{} values of type {} take {} bytes, there are {}", count, array.type,
         needed, array.bytes.size());
}

NumpyArray read_npy(std::string_view bytes, std::string_view place) {
  constexpr std::string_view magic("\x93NUMPY", 6);
  if (!bytes.starts_with(magic) || bytes.size() < 12) fail(ErrorKind::bad_data, place, "is not an .npy file");
  const auto byte = [&](Index i) { return static_cast<Index>(static_cast<std::uint8_t>(bytes[i])); };
  const Index version = byte(6);
  if (version < 1 || version > 3) fail(ErrorKind::unsupported, place, ".npy format {} is not known", version);
  const Index prefix = version == 1 ? 10 : 12;
  Index length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > bytes.size() - prefix) fail(ErrorKind::bad_data, place, "its header is truncated");
  if (length > 4096)
    fail(ErrorKind::unsupported, place, "a header of {} bytes: records are not read", length);
  const std::string_view header = bytes.substr(prefix, length);
  Header fields;
  if (!parse_header(header, fields))
    fail(ErrorKind::unsupported, place, "cannot read the header {}", header.substr(0, 120));
  NumpyArray out;
  set_type(out, fields.type, place);
  out.fortran_order = fields.fortran_order;
  const std::string_view extents = fields.extents;
  for (const char* p = extents.data(); p != extents.data() + extents.size();) {
    if (*p == ',' || *p == ' ') {
      ++p;
      continue;
    }
    std::int64_t extent = 0;
    const auto [end, error] = std::from_chars(p, extents.data() + extents.size(), extent);
    if (error != std::errc()) fail(ErrorKind::bad_data, place, "cannot read the shape ({})", extents);
    out.shape.push_back(extent);
    p = end;
  }
  out.bytes = std::string(bytes.substr(prefix + length));
  check_bytes(out, place);
  return out;
}

std::vector<std::int64_t> integers(const NumpyArray& array, std::string_view place) {
  return integers_as<std::int64_t>(array, place);
}
std::vector<std::int32_t> integers_32(const NumpyArray& array, std::string_view place) {
  return integers_as<std::int32_t>(array, place);
}
std::vector<float> floats(const NumpyArray& array, std::string_view place) {
  return numbers<float>(
      array, [](auto value) { return static_cast<float>(value); }, place);
}

}  // namespace tern::formats
