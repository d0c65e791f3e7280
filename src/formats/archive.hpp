// The regular files inside .tar.gz, .tar.zst, .tar.xz, .tar and .zip archives.
//
// `formats` owns other people's files in and out: each format is one file that knows bytes and nothing of
// data sets, training or networks' meaning. Every reader treats its input as hostile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace tern::formats {

/// What an archive may hold at most: archives are unpacked in memory, and a small one can unpack to anything.
struct ArchiveLimits {
  std::uint64_t file_bytes = std::uint64_t{1} << 30;
  std::uint64_t total_bytes = std::uint64_t{8} << 30;
};

/// Calls visit(name, bytes) for each regular file, in the archive's order. `name` is the path inside the
/// archive with
/// '/' between folders, without a leading "./". Folders, links and devices are skipped; nothing is written to
/// disk. Errors: io (no such file); bad_data, place = path and the file inside (corrupt, truncated, a name
/// that is absolute or has "..", beyond the limits, no file at all). What visit throws passes through.
void for_each_file(const std::filesystem::path& path,
                   const std::function<void(const std::string& name, std::string bytes)>& visit,
                   const ArchiveLimits& limits = {});

/// The same for a .zip file in memory whose files are stored or deflated, as NumPy writes them; `place` names it in errors.
/// Errors: bad_data, also for a file without a directory at its end; unsupported for other methods of compression.
void for_each_zipped_file(std::string_view bytes, const std::string& place,
                          const std::function<void(const std::string& name, std::string bytes)>& visit,
                          const ArchiveLimits& limits = {});

}  // namespace tern::formats
