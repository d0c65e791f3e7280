// Stores written by an older Tern: brought up to this version in place, with all that they hold.
#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "report/result_store.hpp"
#include "synthetic.hpp"

namespace tern::report {
namespace {
namespace fs = std::filesystem;

// The tables exactly as Tern made them at schema version 1.
constexpr const char* version_1 = R"sql(
CREATE TABLE study (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  config TEXT NOT NULL,
  config_hash TEXT NOT NULL,
  seed INTEGER NOT NULL,
  created TEXT NOT NULL,
  environment TEXT NOT NULL               -- JSON: [[name, value], ...]
);
CREATE TABLE trial (
  id INTEGER PRIMARY KEY,
  study INTEGER NOT NULL REFERENCES study(id),
  key TEXT NOT NULL,
  plan TEXT NOT NULL,
  combination TEXT NOT NULL,
  bits INTEGER NOT NULL,
  sparsity REAL,
  seed INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'done', 'failed')),
  claimed_by TEXT,                        -- host|pid|started|name
  heartbeat REAL,                         -- seconds since 1970
  error TEXT NOT NULL DEFAULT '',
  validation_accuracy REAL, test_accuracy REAL, zeros REAL, energy_mj REAL, cycles REAL, weight_bytes REAL,
  train_seconds REAL, synops REAL,
  run_dir TEXT NOT NULL DEFAULT '',
  UNIQUE (study, key)
);
CREATE TABLE metric (
  trial INTEGER NOT NULL REFERENCES trial(id),
  epoch INTEGER NOT NULL,
  split TEXT NOT NULL,                    -- train | validation
  name TEXT NOT NULL,                     -- loss | accuracy | learning_rate | seconds
  value REAL
);
CREATE INDEX metric_of_trial ON metric (trial, epoch);
CREATE TABLE layer (
  trial INTEGER NOT NULL REFERENCES trial(id),
  position INTEGER NOT NULL,
  node TEXT NOT NULL,
  bits INTEGER NOT NULL,
  zeros REAL, min REAL, max REAL, scale REAL,
  weights INTEGER NOT NULL,
  src_density REAL, energy_pj REAL, cycles REAL,
  encoding TEXT NOT NULL,
  PRIMARY KEY (trial, position)
) WITHOUT ROWID;
CREATE TABLE breakdown (
  trial INTEGER NOT NULL REFERENCES trial(id),
  position INTEGER NOT NULL,
  component TEXT NOT NULL,
  energy_pj REAL,
  PRIMARY KEY (trial, position)
) WITHOUT ROWID;
PRAGMA application_id = 0x5465726e;
PRAGMA user_version = 1;
)sql";

// A study with a finished trial, which has an epoch, a layer and a breakdown, and a trial that waits.
constexpr const char* content = R"sql(
INSERT INTO study VALUES (1, 'events', 'epochs: 3', '0123456789abcdef', 7, '2026-11-01T00:00:00Z', '[["cpu","one"]]');
INSERT INTO trial VALUES (1, 1, 'quantize/w4/seed1', 'quantize:w=4,a=8', 'quantize', 4, 0.0, 1, 'done', NULL, NULL, '',
  0.91, 0.90, 0.25, 0.002, 1000, 5000, 60, 700, 'trials/one');
INSERT INTO trial (study, key, plan, combination, bits, sparsity, seed)
  VALUES (1, 'quantize/w2/seed1', 'quantize:w=2,a=8', 'quantize', 2, 0.0, 1);
INSERT INTO metric VALUES (1, 0, 'train', 'loss', 0.5);
INSERT INTO layer VALUES (1, 0, 'fc', 4, 0.25, -1, 1, 0.125, 100, 0.5, 9, 10, 'dense');
INSERT INTO breakdown VALUES (1, 0, 'compute', 12);
)sql";

struct SchemaVersionsTest : ::testing::Test {
  fs::path folder = fs::temp_directory_path() / ("tern_schema_" + std::to_string(::getpid()));
  fs::path path = folder / "results.db";
  void SetUp() override {
    fs::create_directories(folder);
    run_sql("PRAGMA journal_mode = WAL");
    run_sql(version_1);
    run_sql(content);
  }
  void TearDown() override { fs::remove_all(folder); }

  void run_sql(const char* sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }
  // The first column of all rows.
  static std::set<std::string> rows(const fs::path& file, const char* sql) {
    std::set<std::string> found;
    sqlite3* handle = nullptr;
    sqlite3_stmt* row = nullptr;
    EXPECT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(handle, sql, -1, &row, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    while (sqlite3_step(row) == SQLITE_ROW)
      found.insert(reinterpret_cast<const char*>(sqlite3_column_text(row, 0)));
    sqlite3_finalize(row);
    sqlite3_close(handle);
    return found;
  }
  std::set<std::string> version() const { return rows(path, "PRAGMA user_version"); }
};

TEST_F(SchemaVersionsTest, Version1KeepsAllThatItHolds) {
  const ResultStore store(path);
  EXPECT_EQ(version(), std::set<std::string>{"2"});
  const auto records = store.load("events");
  ASSERT_EQ(records.size(), 2u);
  const TrialRecord& done = records[0];
  EXPECT_EQ(done.key, "quantize/w4/seed1");
  EXPECT_EQ(done.status, "done");
  EXPECT_EQ(done.validation_accuracy, 0.91);
  EXPECT_EQ(done.synops, 700);
  EXPECT_EQ(done.run_dir, "trials/one");
  EXPECT_EQ(done.activation_bits, 32);
  for (const double added : {done.nonzeros, done.file_bytes, done.macs, done.bit_operations})
    EXPECT_TRUE(std::isnan(added));
  ASSERT_EQ(done.epochs.size(), 1u);
  EXPECT_EQ(done.epochs[0].train_loss, 0.5);
  ASSERT_EQ(done.layers.size(), 1u);
  EXPECT_EQ(done.layers[0].weights, 100);
  EXPECT_EQ(done.breakdown_pj.at(0).second, 12);
  EXPECT_EQ(records[1].status, "pending");
  EXPECT_EQ(store.study("events").environment, (TextPairs{{"cpu", "one"}}));
}

TEST_F(SchemaVersionsTest, AMigratedStoreTakesTheNewFigures) {
  ResultStore store(path);
  const TrialSpec spec{"quantize/w2/seed1", "quantize:w=2,a=8", "quantize", 2, 0.0, 1, 8};
  EXPECT_EQ(store.add_trials("events", std::vector<TrialSpec>{spec}), 0u);
  const auto claimed = store.claim_next("events", Worker::here());
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->key, spec.key);
  EXPECT_EQ(claimed->activation_bits, 8) << "filled in from the study's own list";
  TrialRecord record;
  static_cast<TrialSpec&>(record) = *claimed;
  record.status = "done";
  record.nonzeros = 1;
  record.file_bytes = 2;
  record.macs = 3;
  record.bit_operations = 4;
  store.save("events", record);
  const auto found = ResultStore(path).find("events", spec.key);
  EXPECT_EQ(found->activation_bits, 8);
  EXPECT_EQ(found->nonzeros, 1);
  EXPECT_EQ(found->file_bytes, 2);
  EXPECT_EQ(found->macs, 3);
  EXPECT_EQ(found->bit_operations, 4);
}

TEST_F(SchemaVersionsTest, AMigratedStoreHasTheTablesOfANewOne) {
  const fs::path fresh = folder / "fresh.db";
  { ResultStore store(path), other(fresh); }
  for (const char* columns : {"SELECT name || type || \"notnull\" FROM pragma_table_info('trial')",
                              "SELECT name || type || \"notnull\" FROM pragma_table_info('layer')",
                              "SELECT name FROM sqlite_master"})
    EXPECT_EQ(rows(path, columns), rows(fresh, columns)) << columns;
}

TEST_F(SchemaVersionsTest, AMigrationThatFailsLeavesVersion1) {
  run_sql("ALTER TABLE trial ADD COLUMN macs REAL");  // the third of the new columns is there already
  EXPECT_THROW(ResultStore store(path), Error);
  EXPECT_EQ(version(), std::set<std::string>{"1"});
  EXPECT_EQ(rows(path, "SELECT name FROM pragma_table_info('trial')").count("nonzeros"), 0u);
}

TEST_F(SchemaVersionsTest, ProcessesMigrateOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        ::_exit(ResultStore(path).load("events").size() == 2 ? 0 : 2);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace tern::report
