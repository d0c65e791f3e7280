#include "report/result_store.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "report/database.hpp"
#include "report/schema.hpp"
#include "report/trial_rows.hpp"
#include "report/worker.hpp"

namespace tern::report {
namespace {
using Json = nlohmann::json;

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

std::string to_text(const TextPairs& pairs) {
  return Json(pairs).dump(-1, ' ', false, Json::error_handler_t::replace);
}

TextPairs to_pairs(const std::string& text, const std::filesystem::path& path) {
  try {
    return Json::parse(text).get<TextPairs>();
  } catch (const Json::exception&) {
    fail(ErrorKind::bad_data, path.string(), "the study's environment is no list of pairs");
  }
}

std::int64_t study_id(Database& database, const std::string& study, const std::filesystem::path& path) {
  Statement statement = database.prepare("SELECT id FROM study WHERE name = ?");
  if (!statement.bind(study).step()) fail(ErrorKind::usage, path.string(), "holds no study '{}'", study);
  return statement.integer(0);
}

// One snapshot of all tables, though others write meanwhile.
std::vector<TrialRecord> read_snapshot(Database& database, const std::string& study, const std::string* key,
                                       const std::filesystem::path& path) {
  database.run("BEGIN");
  try {
    auto records = read_records(database, study_id(database, study, path), key);
    database.run("COMMIT");
    return records;
  } catch (...) {
    database.run("ROLLBACK");
    throw;
  }
}

std::filesystem::path with_folder(std::filesystem::path path) {
  std::error_code ignored;  // opening reports the reason
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  return path;
}

}  // namespace

ResultStore::ResultStore(std::filesystem::path path)
    : path_(with_folder(std::move(path))),
      mutex_(std::make_unique<std::mutex>()),
      database_(std::make_unique<Database>(path_)) {
  prepare_schema(*database_, path_);
  database_->run("PRAGMA foreign_keys = ON");
}

ResultStore::~ResultStore() = default;
ResultStore::ResultStore(ResultStore&&) noexcept = default;
ResultStore& ResultStore::operator=(ResultStore&&) noexcept = default;

void ResultStore::add_study(const StudyInfo& study, bool replace_config) {
  const std::lock_guard lock(*mutex_);
  const std::string hash = study.config_hash.empty() ? to_hex(fnv1a_64(study.config)) : study.config_hash;
  Transaction transaction(*database_);
  {
    Statement known = database_->prepare("SELECT config_hash FROM study WHERE name = ?");
    if (known.bind(study.name).step() && known.text(0) != hash && !replace_config)
      fail(ErrorKind::usage, path_.string(),
           "study '{}' holds results of another configuration (hash {}, now {}): choose another name, or replace it",
           study.name, known.text(0), hash);
  }
  database_
      ->prepare("INSERT INTO study (name, config, config_hash, seed, created, environment) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE SET config = excluded.config, config_hash = excluded.config_hash, "
                "seed = excluded.seed, environment = excluded.environment")
      .bind(study.name).bind(study.config).bind(hash).bind(static_cast<std::int64_t>(study.seed))
      .bind(study.created.empty() ? utc_now() : study.created).bind(to_text(study.environment)).run();
  transaction.commit();
}

StudyInfo ResultStore::study(const std::string& name) const {
  const std::lock_guard lock(*mutex_);
  Statement row =
      database_->prepare("SELECT config, config_hash, seed, created, environment FROM study WHERE name = ?");
  if (!row.bind(name).step()) fail(ErrorKind::usage, path_.string(), "holds no study '{}'", name);
  return {name,        row.text(0), row.text(1), static_cast<std::uint64_t>(row.integer(2)),
          row.text(3), to_pairs(row.text(4), path_)};
}

std::vector<std::string> ResultStore::studies() const {
  const std::lock_guard lock(*mutex_);
  std::vector<std::string> names;
  Statement row = database_->prepare("SELECT name FROM study ORDER BY id");
  while (row.step()) names.push_back(row.text(0));
  return names;
}

std::size_t ResultStore::add_trials(const std::string& study, std::span<const TrialSpec> trials) {
  const std::lock_guard lock(*mutex_);
  Transaction transaction(*database_);
  const std::int64_t id = study_id(*database_, study, path_);
  Statement known = database_->prepare("SELECT plan FROM trial WHERE study = ? AND key = ?");
  std::size_t added = 0;
  for (const TrialSpec& trial : trials) {
    if (!known.bind(id).bind(trial.key).step()) {
      insert_spec(*database_, id, trial);
      ++added;
    } else if (known.text(0) != trial.plan) {
      fail(ErrorKind::usage, path_.string(), "trial '{}' is there with another plan: '{}', now '{}'", trial.key,
           known.text(0), trial.plan);
    } else {
      fill_in_activation_bits(*database_, id, trial);
    }
    known.reset();
  }
  transaction.commit();
  return added;
}

void ResultStore::drop_unfinished_except(const std::string& study, std::span<const TrialSpec> trials) {
  const std::lock_guard lock(*mutex_);
  Transaction transaction(*database_);
  const std::int64_t id = study_id(*database_, study, path_);
  std::vector<std::int64_t> dropped;
  Statement row = database_->prepare("SELECT id, key FROM trial WHERE study = ? AND status IN ('pending', 'failed')");
  row.bind(id);
  while (row.step()) {
    const std::string key = row.text(1);
    if (std::none_of(trials.begin(), trials.end(), [&](const TrialSpec& trial) { return trial.key == key; }))
      dropped.push_back(row.integer(0));
  }
  for (const std::int64_t trial : dropped)
    for (const char* command : {"DELETE FROM metric WHERE trial = ?", "DELETE FROM layer WHERE trial = ?",
                                "DELETE FROM breakdown WHERE trial = ?", "DELETE FROM trial WHERE id = ?"})
      database_->prepare(command).bind(trial).run();
  transaction.commit();
}

std::optional<TrialSpec> ResultStore::claim_next(const std::string& study, const Worker& worker, double stale_s) {
  const std::lock_guard lock(*mutex_);
  Transaction transaction(*database_);
  const std::int64_t id = study_id(*database_, study, path_);
  std::optional<TrialSpec> chosen;
  std::int64_t trial = 0;
  {
    Statement row = database_->prepare(
        "SELECT key, plan, combination, bits, sparsity, seed, activation_bits, id, status, claimed_by, heartbeat "
        "FROM trial "
        "WHERE study = ? AND status IN ('pending', 'running') ORDER BY id");
    row.bind(id);
    while (!chosen && row.step()) {
      const bool fresh = now_s() - row.real(10) <= stale_s;
      if (row.text(8) == "running" && fresh && !is_gone(parse_worker(row.text(9)))) continue;
      chosen = spec_of(row);
      trial = row.integer(7);
    }
  }
  if (!chosen) return chosen;
  database_->prepare("UPDATE trial SET status = 'running', claimed_by = ?, heartbeat = ?, error = '' WHERE id = ?")
      .bind(worker.text()).bind(now_s()).bind(trial).run();
  transaction.commit();
  return chosen;
}

bool ResultStore::heartbeat(const std::string& study, const std::string& key, const Worker& worker) {
  const std::lock_guard lock(*mutex_);
  Transaction transaction(*database_);
  database_->prepare("UPDATE trial SET heartbeat = ? "
                     "WHERE study = ? AND key = ? AND status = 'running' AND claimed_by = ?")
      .bind(now_s()).bind(study_id(*database_, study, path_)).bind(key).bind(worker.text()).run();
  const bool ours = database_->changes() > 0;
  transaction.commit();
  return ours;
}

void ResultStore::release(const std::string& study, const std::string& key, const Worker& worker) {
  const std::lock_guard lock(*mutex_);
  Transaction transaction(*database_);
  database_->prepare("UPDATE trial SET status = 'pending', claimed_by = NULL, heartbeat = NULL "
                     "WHERE study = ? AND key = ? AND status = 'running' AND claimed_by = ?")
      .bind(study_id(*database_, study, path_)).bind(key).bind(worker.text()).run();
  transaction.commit();
}

void ResultStore::save(const std::string& study, const TrialRecord& record) {
  const std::lock_guard lock(*mutex_);
  Transaction transaction(*database_);
  const std::int64_t id = study_id(*database_, study, path_);
  if (!is_status(record.status))
    fail(ErrorKind::usage, record.key, "status '{}': expected pending, running, done or failed", record.status);
  write_record(*database_, id, record);
  transaction.commit();
}

std::size_t ResultStore::retry_failed(const std::string& study) {
  const std::lock_guard lock(*mutex_);
  Transaction transaction(*database_);
  database_->prepare("UPDATE trial SET status = 'pending', claimed_by = NULL, heartbeat = NULL "
                     "WHERE study = ? AND status = 'failed'")
      .bind(study_id(*database_, study, path_)).run();
  const std::int64_t count = database_->changes();
  transaction.commit();
  return static_cast<std::size_t>(count);
}

std::vector<TrialRecord> ResultStore::load(const std::string& study) const {
  const std::lock_guard lock(*mutex_);
  return read_snapshot(*database_, study, nullptr, path_);
}

std::optional<TrialRecord> ResultStore::find(const std::string& study, const std::string& key) const {
  const std::lock_guard lock(*mutex_);
  auto records = read_snapshot(*database_, study, &key, path_);
  if (records.empty()) return std::nullopt;
  return std::move(records.front());
}

TrialCounts ResultStore::counts(const std::string& study) const {
  const std::lock_guard lock(*mutex_);
  TrialCounts counts;
  Statement row = database_->prepare("SELECT status, count(*) FROM trial WHERE study = ? GROUP BY status");
  row.bind(study_id(*database_, study, path_));
  while (row.step()) {
    const std::string status = row.text(0);
    (status == "pending" ? counts.pending : status == "running" ? counts.running
     : status == "done"  ? counts.done    : counts.failed) = row.integer(1);
  }
  return counts;
}

}  // namespace tern::report
