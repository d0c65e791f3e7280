// A result store on bad files and a full disk: one tern::Error, and what was saved before is still there.
#include <csignal>
#include <filesystem>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "report/result_store.hpp"
#include "synthetic.hpp"

namespace tern::report {
namespace {
namespace fs = std::filesystem;

struct ResultStoreFaultsTest : ::testing::Test {
  fs::path folder = fs::temp_directory_path() / ("tern_store_faults_" + std::to_string(::getpid()));
  fs::path path = folder / "results.db";
  void SetUp() override { fs::create_directories(folder); }
  void TearDown() override { fs::remove_all(folder); }

  ErrorKind kind_of_opening() {
    try {
      ResultStore store(path);
      store.load("events");
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos) << error.what();
      return error.kind();
    }
    ADD_FAILURE() << "no error";
    return ErrorKind::internal;
  }
  void run_sql(const char* sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
};

TEST_F(ResultStoreFaultsTest, NoDatabaseAtAll) {
  write_file_atomically(path, std::string(5000, 'x'));
  EXPECT_EQ(kind_of_opening(), ErrorKind::bad_data);
}

TEST_F(ResultStoreFaultsTest, SomebodyElsesDatabaseIsLeftAlone) {
  run_sql("CREATE TABLE song (name TEXT)");
  const std::string before = read_file(path);
  EXPECT_EQ(kind_of_opening(), ErrorKind::bad_data);
  EXPECT_EQ(read_file(path), before);
}

TEST_F(ResultStoreFaultsTest, AnotherSchemaVersion) {
  { ResultStore store(path); }
  run_sql("PRAGMA user_version = 99");
  EXPECT_EQ(kind_of_opening(), ErrorKind::bad_data);
}

TEST_F(ResultStoreFaultsTest, TruncatedAndDamagedFiles) {
  {
    ResultStore store(path);
    store.add_study({"events", "c", "", 1, "", {}});
    for (const TrialRecord& record : synthetic_trials()) store.save("events", record);
  }
  const std::string whole = read_file(path);
  ASSERT_GT(whole.size(), 20000u);
  write_file_atomically(path, whole.substr(0, whole.size() / 2));
  EXPECT_EQ(kind_of_opening(), ErrorKind::bad_data);
  std::string damaged = whole;
  for (std::size_t at = 4096; at < damaged.size(); at += 4096) damaged.replace(at, 64, 64, '\xff');
  write_file_atomically(path, damaged);
  EXPECT_EQ(kind_of_opening(), ErrorKind::bad_data);
}

TEST_F(ResultStoreFaultsTest, AFolderThatCannotBeWritten) {
  path = "/proc/nowhere/results.db";
  EXPECT_EQ(kind_of_opening(), ErrorKind::io);
}

// A limit on file sizes stands for a full disk: the same system call fails.
TEST_F(ResultStoreFaultsTest, FullDiskLosesNothingThatWasSaved) {
  ResultStore store(path);
  store.add_study({"events", "c", "", 1, "", {}});
  store.save("events", synthetic_trial("joint", 2, 0.8, 1));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{fs::file_size(path.string() + "-wal") + 2000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  bool refused = false;
  try {
    store.save("events", synthetic_trial("joint", 4, 0.8, 1));
  } catch (const Error& error) {
    refused = error.kind() == ErrorKind::io;
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(refused);
  EXPECT_EQ(store.load("events").size(), 1u);
  store.save("events", synthetic_trial("joint", 4, 0.8, 1));
  EXPECT_EQ(ResultStore(path).load("events").size(), 2u);
}

}  // namespace
}  // namespace tern::report
