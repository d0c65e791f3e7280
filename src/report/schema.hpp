// The tables of a result store and their version. Private to `report`.
#pragma once

#include <filesystem>

#include "report/database.hpp"

namespace tern::report {

/// Stored in the file as PRAGMA user_version; a store of a newer version is refused.
inline constexpr int schema_version = 1;

/// Makes the tables in an empty file, or checks that the file is a store of this version.
/// Errors: a SQLite file of somebody else, or of another version (bad_data).
void prepare_schema(Database& database, const std::filesystem::path& path);

}  // namespace tern::report
