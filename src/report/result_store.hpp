// Where the results of studies are kept, and how several worker processes share out the trials.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/trial_record.hpp"

namespace tern::report {

class Database;

/// A study: its name, the resolved configuration and where it runs. `created` (ISO 8601, UTC) is set by add_study
/// where it is empty, and so is `config_hash` (FNV-1a of `config`, 16 hexadecimal digits).
struct StudyInfo {
  std::string name;
  std::string config;
  std::string config_hash;
  std::uint64_t seed = 0;
  std::string created;
  TextPairs environment;  ///< {"cpu", ...}, {"compiler", ...}, {"threads", ...}, versions, data checksums
};

/// Who claims a trial. Two workers of one process differ in `name`. `started` tells a process from a later one that
/// got the same pid (clock ticks since boot on Linux; 0 where unknown).
struct Worker {
  std::string host;
  std::int64_t pid = 0;
  std::int64_t started = 0;
  std::string name;

  /// This process on this machine.
  static Worker here(std::string name = "main");
  /// "host|pid|started|name", as column claimed_by holds it.
  std::string text() const;
};

/// Trials of a study by status.
struct TrialCounts {
  std::int64_t pending = 0, running = 0, done = 0, failed = 0;
  std::int64_t total() const { return pending + running + done + failed; }
};

/// One SQLite file with the results of one or more studies (tables study, trial, metric, layer, breakdown).
///
/// Each call is one transaction: a killed process loses at most the call it was in. The file is in WAL mode; other
/// processes may read and write it at the same time, on one machine (no network file systems). Every method is safe
/// from any thread. Errors: ErrorKind::io (cannot open, disk full, locked for longer than 30 s), bad_data (no SQLite
/// file, damaged, written by a newer Tern), usage (unknown study or trial); each one a tern::Error with the path.
class ResultStore {
 public:
  /// Opens the file, or creates it and its folder. Opening an existing store changes nothing in it, but for one of an
  /// older Tern, which gets the columns that it lacks.
  explicit ResultStore(std::filesystem::path path);
  ~ResultStore();
  ResultStore(ResultStore&&) noexcept;
  ResultStore& operator=(ResultStore&&) noexcept;

  /// Adds the study; adding it again with the same configuration is harmless and keeps the first `created`.
  /// Another configuration under the same name is refused (usage), unless `replace_config`: then the texts are
  /// replaced and the trials stay.
  void add_study(const StudyInfo& study, bool replace_config = false);
  StudyInfo study(const std::string& name) const;
  std::vector<std::string> studies() const;

  /// Adds trials as pending, in this order. A key that is there already keeps its state and results (resume); with
  /// another plan under that key: usage. Activation bits are filled in where an older Tern did not store them.
  /// Returns how many were new.
  std::size_t add_trials(const std::string& study, std::span<const TrialSpec> trials);
  /// Forgets trials that no longer belong to the study and hold no results: pending or failed, key not among `trials`.
  void drop_unfinished_except(const std::string& study, std::span<const TrialSpec> trials);

  /// The next trial to run, now `running` and claimed by `worker`: the first that is pending or whose worker is dead,
  /// that is, gone from this host, or silent for more than `stale_s` seconds. Empty when none is left. No two
  /// workers get the same live claim.
  std::optional<TrialSpec> claim_next(const std::string& study, const Worker& worker, double stale_s = 300);

  /// Says that `worker` still runs the trial; call it several times within stale_s. False when the claim is lost
  /// (taken over or finished by somebody else): drop the trial.
  bool heartbeat(const std::string& study, const std::string& key, const Worker& worker);

  /// Gives a claim back as pending (the user stopped the worker). Nothing happens when it is not this worker's.
  void release(const std::string& study, const std::string& key, const Worker& worker);

  /// Writes the whole record in one transaction, in place of what the trial held before (added where the key is new).
  /// With status "running" the claim stays, else it ends. Two workers that finish the same trial: the last one wins.
  void save(const std::string& study, const TrialRecord& record);

  /// Makes failed trials pending again; returns how many.
  std::size_t retry_failed(const std::string& study);

  /// All trials with epochs, layers and breakdown, in the order added.
  std::vector<TrialRecord> load(const std::string& study) const;
  std::optional<TrialRecord> find(const std::string& study, const std::string& key) const;
  TrialCounts counts(const std::string& study) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<std::mutex> mutex_;
  std::unique_ptr<Database> database_;
};

}  // namespace tern::report
