// Runs of equally wide numbers, each stored by whichever coder takes the fewest bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tern::pack {

/// What may be used to store a tensor.
struct PackOptions {
  bool entropy_coding = true;  ///< false: numbers are stored as they are
};

/// How one section lies in the file: its first byte.
enum class Coder : std::uint8_t { raw = 0, huffman = 1, rans = 2 };
std::string_view name_of(Coder coder);

/// A section is: the coder (1 byte); raw: the fields of pack_fields; otherwise the length of the coded bytes
/// (4 bytes, little-endian) and those. A section without numbers takes no bytes at all. Numbers of more than
/// 12 bits are raw.
class SectionWriter {
 public:
  explicit SectionWriter(PackOptions options) : options_(options) {}
  void add(std::span<const std::uint32_t> values, int bits);
  const std::string& bytes() const { return bytes_; }
  /// Whether a section is entropy coded.
  bool is_coded() const { return is_coded_; }

 private:
  PackOptions options_;
  std::string bytes_;
  bool is_coded_ = false;
};

/// Reads what SectionWriter wrote; the reader knows every count. Errors: ErrorKind::bad_data with `place`.
class SectionReader {
 public:
  SectionReader(std::string_view bytes, std::string_view place) : bytes_(bytes), place_(place) {}
  std::vector<std::uint32_t> take(std::int64_t count, int bits);
  /// Refuses bytes that are left.
  void end() const;
  std::string_view place() const { return place_; }

 private:
  std::string_view bytes_, place_;
};

}  // namespace tern::pack
