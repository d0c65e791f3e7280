// The tables of a result store and their version. Private to `report`.
#pragma once

#include <filesystem>

#include "report/database.hpp"

namespace tern::report {

/// Stored in the file as PRAGMA user_version; a store of a newer version is refused.
inline constexpr int schema_version = 2;

/// Makes the tables in an empty file, or checks that the file is a store of this version. One of an older version is
/// brought up to this one in place, in one transaction: its trials stay, and what they did not measure is NULL.
/// Version 2 added to table trial: activation_bits (32 for older trials), nonzeros, file_bytes, macs, bit_operations.
/// Errors: a SQLite file of somebody else, or of a newer version (bad_data).
void prepare_schema(Database& database, const std::filesystem::path& path);

}  // namespace tern::report
