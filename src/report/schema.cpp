#include "report/schema.hpp"

#include <string>

#include "base/error.hpp"

namespace tern::report {
namespace {

constexpr std::int64_t application_id = 0x5465726e;  // "Tern", where file(1) and other programs look for it

constexpr const char* tables = R"sql(
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
  activation_bits INTEGER NOT NULL DEFAULT 32, nonzeros REAL, file_bytes REAL, macs REAL, bit_operations REAL,
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
PRAGMA user_version = 2;
)sql";

constexpr const char* from_1_to_2 = R"sql(
ALTER TABLE trial ADD COLUMN activation_bits INTEGER NOT NULL DEFAULT 32;
ALTER TABLE trial ADD COLUMN nonzeros REAL;
ALTER TABLE trial ADD COLUMN file_bytes REAL;
ALTER TABLE trial ADD COLUMN macs REAL;
ALTER TABLE trial ADD COLUMN bit_operations REAL;
PRAGMA user_version = 2;
)sql";
static_assert(schema_version == 2, "the PRAGMAs above state the version, too");

std::int64_t version_of(Database& database, const std::filesystem::path& path) {
  if (database.number("PRAGMA application_id") != application_id)
    fail(ErrorKind::bad_data, path.string(), "a SQLite file, but no result store of Tern");
  const std::int64_t found = database.number("PRAGMA user_version");
  if (found < 1 || found > schema_version)
    fail(ErrorKind::bad_data, path.string(), "result store of schema version {}: expected 1 to {}", found,
         schema_version);
  return found;
}

bool is_empty(Database& database) { return database.number("SELECT count(*) FROM sqlite_master") == 0; }

}  // namespace

void prepare_schema(Database& database, const std::filesystem::path& path) {
  if (!is_empty(database) && version_of(database, path) == schema_version) return;
  database.run_patiently("PRAGMA journal_mode = WAL");  // several workers may create the store at once
  Transaction transaction(database);
  if (is_empty(database)) database.run(tables);  // else another process was first
  if (version_of(database, path) == 1) database.run(from_1_to_2);
  transaction.commit();
}

}  // namespace tern::report
