// Text files of numbers, plain or gzipped, line by line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

struct gzFile_s;

namespace tern::formats {

/// Lines of a file, without their ends (LF or CR LF). The file may be hostile. Errors: io; bad_data, place
/// "PATH: line N".
class TextLines {
 public:
  explicit TextLines(const std::filesystem::path& path);
  /// The next line; false at the end. The last line needs no end. A line of more than 16 MiB is refused.
  bool next();
  std::string_view line() const { return line_; }
  std::int64_t number() const { return number_; }  ///< of the line, from 1

  /// Numbers separated by commas, blanks or tabs in any mixture: the next field of this line, empty at its
  /// end.
  std::string_view field();
  bool at_end();
  std::int64_t integer(std::string_view what);
  float real(std::string_view what);
  /// Refuses anything left on the line.
  void end(std::string_view what);

  template <typename... Args>
  [[noreturn]] void fail_here(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(ErrorKind::bad_data, fmt::format(format, std::forward<Args>(args)...),
                fmt::format("{}: line {}", place_, number_));
  }

 private:
  std::string place_;
  std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> file_;
  std::string buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool ended_ = false;
  std::string_view line_, rest_;
  std::int64_t number_ = 0;
};

/// PATH or PATH.gz, whichever exists; empty where neither does.
std::filesystem::path plain_or_gz(const std::filesystem::path& path);

/// All integers of a file of one a line. All of its rows of reals, each of as many as the first; sets
/// `columns`.
std::vector<std::int64_t> read_integers(const std::filesystem::path& path);
std::vector<float> read_matrix(const std::filesystem::path& path, std::int64_t& columns);

/// Replaces values by 0, 1, .. in their order and returns how many differ.
std::int64_t renumber(std::vector<std::int64_t>& values);
/// The same values as 32-bit integers. REQUIRES: they fit (after renumber).
std::vector<std::int32_t> narrowed(const std::vector<std::int64_t>& values);

}  // namespace tern::formats
