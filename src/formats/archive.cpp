#include "formats/archive.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>

#include "base/error.hpp"

namespace tern::formats {
namespace {

using Handle = std::unique_ptr<archive, decltype(&archive_read_free)>;

std::string reason(archive* handle) {
  const char* text = archive_error_string(handle);
  return text != nullptr ? text : "unknown reason";
}

Handle open_archive(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) fail(ErrorKind::io, path.string(), "no such file");
  Handle handle(archive_read_new(), archive_read_free);
  if (!handle) fail(ErrorKind::internal, path.string(), "cannot make an archive reader");
  archive_read_support_filter_all(handle.get());
  archive_read_support_format_tar(handle.get());
  archive_read_support_format_zip(handle.get());
  constexpr std::size_t block_bytes = 1 << 16;
  if (archive_read_open_filename(handle.get(), path.c_str(), block_bytes) != ARCHIVE_OK)
    fail(ErrorKind::bad_data, path.string(), "cannot open the archive: {}", reason(handle.get()));
  return handle;
}

/// The entry's name as documented. Errors: bad_data.
std::string clean_name(archive_entry* entry, const std::string& place) {
  const char* raw = archive_entry_pathname(entry);
  std::string_view name = raw != nullptr ? raw : "";
  while (name.starts_with("./")) name.remove_prefix(2);
  bool bad = name.empty() || name.starts_with('/');
  for (const auto& part : std::filesystem::path(name)) bad |= part == "..";
  if (bad) fail(ErrorKind::bad_data, place, "the archive holds a file with the name '{}'", name);
  return std::string(name);
}

std::string read_entry(archive* handle, const std::string& place, std::uint64_t limit) {
  std::string bytes;
  constexpr std::size_t chunk_bytes = 1 << 16;
  while (true) {
    const std::size_t used = bytes.size();
    bytes.resize(used + chunk_bytes);
    const auto got = archive_read_data(handle, bytes.data() + used, chunk_bytes);
    if (got < 0) fail(ErrorKind::bad_data, place, "cannot unpack: {}", reason(handle));
    bytes.resize(used + static_cast<std::size_t>(got));
    if (got == 0) return bytes;
    if (bytes.size() > limit) fail(ErrorKind::bad_data, place, "unpacks to more than {} bytes", limit);
  }
}

using Visit = std::function<void(const std::string& name, std::string bytes)>;

/// `check` sees each file's header before anything is unpacked.
void visit_files(archive* handle, const std::string& place, const Visit& visit, const ArchiveLimits& limits,
                 const std::function<void(const std::string& name)>& check) {
  std::uint64_t left = limits.total_bytes;
  std::int64_t files = 0;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(handle, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) continue;
    const std::string name = clean_name(entry, place);
    check(name);
    std::string bytes = read_entry(handle, place + ": " + name, std::min(left, limits.file_bytes));
    left -= bytes.size();
    ++files;
    visit(name, std::move(bytes));
  }
  if (status != ARCHIVE_EOF)
    fail(ErrorKind::bad_data, place, "corrupt archive after {} files: {}", files, reason(handle));
  if (files == 0) fail(ErrorKind::bad_data, place, "the archive holds no file");
}

}  // namespace

void for_each_file(const std::filesystem::path& path, const Visit& visit, const ArchiveLimits& limits) {
  const Handle handle = open_archive(path);
  visit_files(handle.get(), path.string(), visit, limits, [](const std::string&) {});
}

void for_each_zipped_file(std::string_view bytes, const std::string& place, const Visit& visit, const ArchiveLimits& limits) {
  const Handle handle(archive_read_new(), archive_read_free);
  if (!handle) fail(ErrorKind::internal, place, "cannot make an archive reader");
  archive_read_support_format_zip_seekable(handle.get());
  if (archive_read_open_memory(handle.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    fail(ErrorKind::bad_data, place, "cannot open the archive: {}", reason(handle.get()));
  visit_files(handle.get(), place, visit, limits, [&](const std::string& name) {
    // Other methods ask for a dictionary as large as the file says.
    const std::string_view method = archive_format_name(handle.get());
    if (!method.ends_with("(uncompressed)") && !method.ends_with("(deflation)"))
      fail(ErrorKind::unsupported, place, "{} is compressed in another way than deflate: {}", name, method);
  });
}

}  // namespace tern::formats
