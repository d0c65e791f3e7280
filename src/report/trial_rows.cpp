#include "report/trial_rows.hpp"

#include <array>

namespace tern::report {
namespace {

// Each field of an epoch is one row of table metric.
struct MetricField {
  const char* split;
  const char* name;
  double EpochRow::*field;
};
constexpr std::array metric_fields{
    MetricField{"train", "loss", &EpochRow::train_loss},
    MetricField{"train", "accuracy", &EpochRow::train_accuracy},
    MetricField{"validation", "accuracy", &EpochRow::validation_accuracy},
    MetricField{"train", "learning_rate", &EpochRow::learning_rate},
    MetricField{"train", "seconds", &EpochRow::seconds},
};

void write_trial(Database& database, std::int64_t study, const TrialRecord& record) {
  database
      .prepare(
          "INSERT INTO trial (study, key, plan, combination, bits, sparsity, seed, status, error, validation_accuracy, "
          "test_accuracy, zeros, energy_mj, cycles, weight_bytes, train_seconds, synops, activation_bits, "
          "nonzeros, file_bytes, macs, bit_operations, run_dir) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT (study, key) DO UPDATE SET "
          "plan = excluded.plan, combination = excluded.combination, bits = excluded.bits, "
          "sparsity = excluded.sparsity, seed = excluded.seed, status = excluded.status, error = excluded.error, "
          "validation_accuracy = excluded.validation_accuracy, test_accuracy = excluded.test_accuracy, "
          "zeros = excluded.zeros, energy_mj = excluded.energy_mj, cycles = excluded.cycles, "
          "weight_bytes = excluded.weight_bytes, train_seconds = excluded.train_seconds, synops = excluded.synops, "
          "activation_bits = excluded.activation_bits, nonzeros = excluded.nonzeros, "
          "file_bytes = excluded.file_bytes, macs = excluded.macs, bit_operations = excluded.bit_operations, "
          "run_dir = excluded.run_dir, "
          "claimed_by = CASE excluded.status WHEN 'running' THEN claimed_by END, "
          "heartbeat = CASE excluded.status WHEN 'running' THEN heartbeat END")
      .bind(study).bind(record.key).bind(record.plan).bind(record.combination).bind(record.bits).bind(record.sparsity)
      .bind(static_cast<std::int64_t>(record.seed)).bind(record.status).bind(record.error)
      .bind(record.validation_accuracy).bind(record.test_accuracy).bind(record.zeros).bind(record.energy_mj)
      .bind(record.cycles).bind(record.weight_bytes).bind(record.train_seconds).bind(record.synops)
      .bind(record.activation_bits).bind(record.nonzeros).bind(record.file_bytes).bind(record.macs)
      .bind(record.bit_operations).bind(record.run_dir).run();
}

std::int64_t trial_id(Database& database, std::int64_t study, const std::string& key) {
  Statement row = database.prepare("SELECT id FROM trial WHERE study = ? AND key = ?");
  row.bind(study).bind(key).step();
  return row.integer(0);
}

void write_epochs(Database& database, std::int64_t trial, const std::vector<EpochRow>& epochs) {
  database.prepare("DELETE FROM metric WHERE trial = ?").bind(trial).run();
  Statement row = database.prepare("INSERT INTO metric (trial, epoch, split, name, value) VALUES (?, ?, ?, ?, ?)");
  for (const EpochRow& epoch : epochs)
    for (const MetricField& field : metric_fields)
      row.bind(trial).bind(epoch.epoch).bind(field.split).bind(field.name).bind(epoch.*field.field).run();
}

void write_layers(Database& database, std::int64_t trial, const std::vector<LayerRow>& layers) {
  database.prepare("DELETE FROM layer WHERE trial = ?").bind(trial).run();
  Statement row = database.prepare("INSERT INTO layer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const LayerRow& layer : layers)
    row.bind(trial).bind(position++).bind(layer.node).bind(layer.bits).bind(layer.zeros).bind(layer.min)
        .bind(layer.max).bind(layer.scale).bind(layer.weights).bind(layer.src_density).bind(layer.energy_pj)
        .bind(layer.cycles).bind(layer.encoding).run();
}

void write_breakdown(Database& database, std::int64_t trial, const TrialRecord& record) {
  database.prepare("DELETE FROM breakdown WHERE trial = ?").bind(trial).run();
  Statement row = database.prepare("INSERT INTO breakdown VALUES (?, ?, ?, ?)");
  std::int64_t position = 0;
  for (const auto& [component, energy_pj] : record.breakdown_pj)
    row.bind(trial).bind(position++).bind(component).bind(energy_pj).run();
}

std::vector<EpochRow> read_epochs(Database& database, std::int64_t trial) {
  std::vector<EpochRow> epochs;
  Statement row = database.prepare("SELECT epoch, split, name, value FROM metric WHERE trial = ? ORDER BY rowid");
  row.bind(trial);
  while (row.step()) {
    const int epoch = static_cast<int>(row.integer(0));
    if (epochs.empty() || epochs.back().epoch != epoch) {
      epochs.emplace_back();
      epochs.back().epoch = epoch;
    }
    for (const MetricField& field : metric_fields)
      if (row.text(1) == field.split && row.text(2) == field.name) epochs.back().*field.field = row.real(3);
  }
  return epochs;
}

std::vector<LayerRow> read_layers(Database& database, std::int64_t trial) {
  std::vector<LayerRow> layers;
  Statement row = database.prepare(
      "SELECT node, bits, zeros, min, max, scale, weights, src_density, energy_pj, cycles, encoding FROM layer "
      "WHERE trial = ? ORDER BY position");
  row.bind(trial);
  while (row.step())
    layers.push_back({row.text(0), static_cast<int>(row.integer(1)), row.real(2), row.real(3), row.real(4), row.real(5),
                      row.integer(6), row.real(7), row.real(8), row.real(9), row.text(10)});
  return layers;
}

void read_breakdown(Database& database, std::int64_t trial, TrialRecord& record) {
  Statement row = database.prepare("SELECT component, energy_pj FROM breakdown WHERE trial = ? ORDER BY position");
  row.bind(trial);
  while (row.step()) record.breakdown_pj.emplace_back(row.text(0), row.real(1));
}

TrialRecord record_of(const Statement& row) {
  TrialRecord record;
  static_cast<TrialSpec&>(record) = spec_of(row);
  record.status = row.text(8);
  record.error = row.text(9);
  record.validation_accuracy = row.real(10);
  record.test_accuracy = row.real(11);
  record.zeros = row.real(12);
  record.energy_mj = row.real(13);
  record.cycles = row.real(14);
  record.weight_bytes = row.real(15);
  record.train_seconds = row.real(16);
  record.synops = row.real(17);
  record.nonzeros = row.real(18);
  record.file_bytes = row.real(19);
  record.macs = row.real(20);
  record.bit_operations = row.real(21);
  record.run_dir = row.text(22);
  return record;
}

}  // namespace

bool is_status(const std::string& status) {
  return status == "pending" || status == "running" || status == "done" || status == "failed";
}

void insert_spec(Database& database, std::int64_t study, const TrialSpec& trial) {
  database
      .prepare("INSERT INTO trial (study, key, plan, combination, bits, sparsity, seed, activation_bits) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(study).bind(trial.key).bind(trial.plan).bind(trial.combination).bind(trial.bits).bind(trial.sparsity)
      .bind(static_cast<std::int64_t>(trial.seed)).bind(trial.activation_bits).run();
}

void fill_in_activation_bits(Database& database, std::int64_t study, const TrialSpec& trial) {
  database.prepare("UPDATE trial SET activation_bits = ? WHERE study = ? AND key = ? AND activation_bits = 32")
      .bind(trial.activation_bits).bind(study).bind(trial.key).run();
}

TrialSpec spec_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), static_cast<int>(row.integer(3)),
          row.real(4), static_cast<std::uint64_t>(row.integer(5)), static_cast<int>(row.integer(6))};
}

void write_record(Database& database, std::int64_t study, const TrialRecord& record) {
  write_trial(database, study, record);
  const std::int64_t trial = trial_id(database, study, record.key);
  write_epochs(database, trial, record.epochs);
  write_layers(database, trial, record.layers);
  write_breakdown(database, trial, record);
}

std::vector<TrialRecord> read_records(Database& database, std::int64_t study, const std::string* key) {
  std::vector<TrialRecord> records;
  Statement row = database.prepare(
      "SELECT key, plan, combination, bits, sparsity, seed, activation_bits, id, status, error, validation_accuracy, "
      "test_accuracy, zeros, energy_mj, cycles, weight_bytes, train_seconds, synops, nonzeros, file_bytes, macs, "
      "bit_operations, run_dir FROM trial "
      "WHERE study = ?1 AND (?2 IS NULL OR key = ?2) ORDER BY id");
  row.bind(study);
  if (key != nullptr) row.bind(*key);
  while (row.step()) {
    const std::int64_t trial = row.integer(7);
    records.push_back(record_of(row));
    records.back().epochs = read_epochs(database, trial);
    records.back().layers = read_layers(database, trial);
    read_breakdown(database, trial, records.back());
  }
  return records;
}

}  // namespace tern::report
