// A TrialRecord to rows and back. Private to `report`; each call runs inside the caller's transaction.
#pragma once

#include <string>
#include <vector>

#include "report/database.hpp"
#include "report/trial_record.hpp"

namespace tern::report {

bool is_status(const std::string& status);

void insert_spec(Database& database, std::int64_t study, const TrialSpec& trial);

/// Of the trial with this key, where it says 32: a store of schema version 1 did not know better.
void fill_in_activation_bits(Database& database, std::int64_t study, const TrialSpec& trial);

/// Columns 0..6 of a row: key, plan, combination, bits, sparsity, seed, activation_bits.
TrialSpec spec_of(const Statement& row);

/// Replaces the trial and its epochs, layers and breakdown; a claim stays only while the status is "running".
void write_record(Database& database, std::int64_t study, const TrialRecord& record);

/// The trials of a study in the order added; with `key`, that one only.
std::vector<TrialRecord> read_records(Database& database, std::int64_t study, const std::string* key);

}  // namespace tern::report
