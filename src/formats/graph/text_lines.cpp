#include "formats/graph/text_lines.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>

#include <zlib.h>

namespace tern::formats {
namespace {

constexpr std::size_t block_bytes = 1 << 18, most_line_bytes = 1 << 24;
constexpr std::string_view separators = ", \t";

}  // namespace

TextLines::TextLines(const std::filesystem::path& path)
    : place_(path.string()), file_(gzopen(path.c_str(), "rb"), gzclose) {
  if (!file_ || std::filesystem::is_directory(path))
    fail(ErrorKind::io, place_, "cannot open: {}", std::strerror(errno));
  gzbuffer(file_.get(), 1 << 17);
}

bool TextLines::next() {
  std::size_t searched = begin_;
  while (true) {
    const std::size_t found = std::string_view(buffer_.data(), end_).find('\n', searched);
    if (found != std::string_view::npos || ended_) {
      if (found == std::string_view::npos && begin_ == end_) return false;
      const std::size_t stop = found == std::string_view::npos ? end_ : found;
      line_ = std::string_view(buffer_).substr(begin_, stop - begin_);
      if (line_.ends_with('\r')) line_.remove_suffix(1);
      begin_ = std::min(stop + 1, end_);
      rest_ = line_;
      ++number_;
      return true;
    }
    searched = end_ - begin_;
    if (searched > most_line_bytes) fail_here("the line after it is longer than {} bytes", most_line_bytes);
    buffer_.erase(0, begin_);
    begin_ = 0;
    end_ = searched;
    buffer_.resize(end_ + block_bytes);
    const int got = gzread(file_.get(), buffer_.data() + end_, static_cast<unsigned>(block_bytes));
    int code = Z_OK;
    const char* reason = gzerror(file_.get(), &code);
    if (code == Z_ERRNO) fail(ErrorKind::io, place_, "cannot read: {}", std::strerror(errno));
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) fail_here("damaged after it: {}", reason);
    end_ += static_cast<std::size_t>(got);
    ended_ = got == 0;
  }
}

std::string_view TextLines::field() {
  rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(separators)));
  const std::string_view out = rest_.substr(0, rest_.find_first_of(separators));
  rest_.remove_prefix(out.size());
  return out;
}

bool TextLines::at_end() {
  return rest_.find_first_not_of(separators) == std::string_view::npos;
}

std::int64_t TextLines::integer(std::string_view what) {
  const std::string_view text = field();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    fail_here("expected {}, got '{}'", what, text.substr(0, 60));
  return value;
}

float TextLines::real(std::string_view what) {
  std::string_view text = field();
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    fail_here("expected {}, got '{}'", what, text.substr(0, 60));
  return static_cast<float>(value);
}

void TextLines::end(std::string_view what) {
  if (!at_end()) fail_here("'{}' follows {}", rest_.substr(0, 60), what);
}

std::filesystem::path plain_or_gz(const std::filesystem::path& path) {
  if (std::filesystem::is_regular_file(path)) return path;
  const std::filesystem::path gz = path.string() + ".gz";
  return std::filesystem::is_regular_file(gz) ? gz : std::filesystem::path();
}

std::vector<std::int64_t> read_integers(const std::filesystem::path& path) {
  TextLines lines(path);
  std::vector<std::int64_t> out;
  while (lines.next()) {
    if (lines.at_end()) continue;
    out.push_back(lines.integer("an integer"));
    lines.end("the integer");
  }
  return out;
}

std::vector<float> read_matrix(const std::filesystem::path& path, std::int64_t& columns) {
  TextLines lines(path);
  std::vector<float> out;
  columns = 0;
  while (lines.next()) {
    if (lines.at_end()) continue;
    const std::size_t before = out.size();
    while (!lines.at_end()) out.push_back(lines.real("a number"));
    const auto count = static_cast<std::int64_t>(out.size() - before);
    if (columns == 0) columns = count;
    if (count != columns) lines.fail_here("{} numbers, the lines before have {}", count, columns);
  }
  return out;
}

std::int64_t renumber(std::vector<std::int64_t>& values) {
  std::vector<std::int64_t> known = values;
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  for (std::int64_t& v : values) v = std::lower_bound(known.begin(), known.end(), v) - known.begin();
  return static_cast<std::int64_t>(known.size());
}

std::vector<std::int32_t> narrowed(const std::vector<std::int64_t>& values) {
  std::vector<std::int32_t> out;
  out.reserve(values.size());
  for (const std::int64_t v : values) out.push_back(static_cast<std::int32_t>(v));
  return out;
}

}  // namespace tern::formats
