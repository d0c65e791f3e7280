#include "formats/archive.hpp"

#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace tern::formats {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string name, bytes;
};

enum class Kind { tar_gz, tar_xz, tar_zst, zip };

/// Writes an archive with a folder, a link and the entries.
void write_archive(const fs::path& path, Kind kind, const std::vector<Entry>& entries) {
  archive* out = archive_write_new();
  if (kind == Kind::zip)
    archive_write_set_format_zip(out);
  else
    archive_write_set_format_pax_restricted(out);
  if (kind == Kind::tar_gz) archive_write_add_filter_gzip(out);
  if (kind == Kind::tar_xz) archive_write_add_filter_xz(out);
  if (kind == Kind::tar_zst) archive_write_add_filter_zstd(out);
  ASSERT_EQ(archive_write_open_filename(out, path.c_str()), ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, "folder/");
  archive_entry_set_filetype(entry, AE_IFDIR);
  archive_entry_set_perm(entry, 0755);
  archive_write_header(out, entry);
  for (const Entry& each : entries) {
    archive_entry_clear(entry);
    archive_entry_set_pathname(entry, each.name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(each.bytes.size()));
    archive_write_header(out, entry);
    archive_write_data(out, each.bytes.data(), each.bytes.size());
  }
  archive_entry_free(entry);
  archive_write_free(out);
}

class Archive : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("tern_archive_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

std::vector<Entry> read_all(const fs::path& path, const ArchiveLimits& limits = {}) {
  std::vector<Entry> got;
  for_each_file(
      path,
      [&](const std::string& name, std::string bytes) {
        got.push_back({name, std::move(bytes)});
      },
      limits);
  return got;
}

ErrorKind kind_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::internal;
}

TEST_F(Archive, ReadsEveryKind) {
  for (const Kind kind : {Kind::tar_gz, Kind::tar_xz, Kind::tar_zst, Kind::zip}) {
    const fs::path path = folder_ / "a";
    write_archive(path, kind, {{"./folder/one", "1"}, {"two", std::string(200000, 'x')}, {"empty", ""}});
    const std::vector<Entry> got = read_all(path);
    ASSERT_EQ(got.size(), 3u);
    EXPECT_EQ(got[0].name, "folder/one");
    EXPECT_EQ(got[1].bytes, std::string(200000, 'x'));
    EXPECT_EQ(got[2].bytes, "");
  }
}

TEST_F(Archive, RefusesHostileNamesAndSizes) {
  const fs::path path = folder_ / "a";
  for (const std::string name : {"../out", "a/../../out", "/etc/out"}) {
    write_archive(path, Kind::tar_gz, {{name, "1"}});
    EXPECT_EQ(kind_of([&] { read_all(path); }), ErrorKind::bad_data) << name;
  }
  write_archive(path, Kind::tar_gz, {{"a", std::string(1 << 20, '\0')}, {"b", std::string(1 << 20, '\0')}});
  EXPECT_EQ(kind_of([&] { read_all(path, {.file_bytes = 1000}); }), ErrorKind::bad_data);
  EXPECT_EQ(kind_of([&] { read_all(path, {.total_bytes = 1500000}); }), ErrorKind::bad_data);
}

TEST_F(Archive, TruncatedAndCorruptedArchivesGiveErrors) {
  const fs::path path = folder_ / "a";
  std::string noise(5000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 31 + (i >> 3));
  for (const Kind kind : {Kind::tar_gz, Kind::tar_xz, Kind::tar_zst, Kind::zip}) {
    write_archive(path, kind, {{"a", noise}, {"b", noise}});
    const std::string whole = tern::read_file(path);
    for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 40) {
      write_file_atomically(path, whole.substr(0, size));
      const ErrorKind kind_of_cut = kind_of([&] { read_all(path); });
      EXPECT_TRUE(kind_of_cut == ErrorKind::bad_data || size > whole.size() * 9 / 10)
          << size << " of " << whole.size();
    }
    for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 60) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
      write_file_atomically(path, bytes);
      try {
        read_all(path);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
      }
    }
  }
  EXPECT_EQ(kind_of([&] { read_all(folder_ / "absent.tar.gz"); }), ErrorKind::io);
}

std::vector<Entry> read_zip(std::string_view bytes, const ArchiveLimits& limits = {}) {
  std::vector<Entry> got;
  for_each_zipped_file(
      bytes, "memory", [&](const std::string& name, std::string file) { got.push_back({name, std::move(file)}); }, limits);
  return got;
}

TEST_F(Archive, ZipFilesInMemoryAreStoredOrDeflated) {
  write_archive(folder_ / "a", Kind::zip, {{"one", std::string(200000, 'x')}, {"two", "2"}});
  std::string bytes = tern::read_file(folder_ / "a");
  const std::vector<Entry> got = read_zip(bytes);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].bytes, std::string(200000, 'x'));
  EXPECT_EQ(got[1].name, "two");
  EXPECT_EQ(kind_of([&] { read_zip(bytes, {.file_bytes = 1000}); }), ErrorKind::bad_data);
  EXPECT_EQ(kind_of([&] { read_zip(std::string_view(bytes).substr(0, bytes.size() / 2)); }), ErrorKind::bad_data);
  EXPECT_EQ(kind_of([&] { read_zip(""); }), ErrorKind::bad_data);
  // The method in the header of each file, there and in the directory at the end: LZMA.
  for (const std::string signature : {"PK\x03\x04", "PK\x01\x02"})
    for (std::size_t at = bytes.find(signature); at != std::string::npos; at = bytes.find(signature, at + 1))
      bytes[at + (signature[2] == '\x03' ? 8 : 10)] = 14;
  EXPECT_EQ(kind_of([&] { read_zip(bytes); }), ErrorKind::unsupported);
  write_archive(folder_ / "a", Kind::tar_gz, {{"one", "1"}});
  EXPECT_EQ(kind_of([&] { read_zip(tern::read_file(folder_ / "a")); }), ErrorKind::bad_data);
}

}  // namespace
}  // namespace tern::formats
