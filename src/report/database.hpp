// SQLite behind three small classes, so that every failure is a tern::Error and nothing leaks. Private to `report`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tern::report {

class Statement;

/// One connection. Errors name the file; see ResultStore for their kinds. Not safe from two threads at once.
class Database {
 public:
  explicit Database(const std::filesystem::path& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql);
  /// As run(), for statements that SQLite refuses at once while another process is busy, whatever the timeout.
  void run_patiently(const char* sql);
  Statement prepare(const char* sql);
  std::int64_t number(const char* sql);  ///< the first column of the first row
  std::int64_t changes() const;          ///< rows changed by the last statement
  [[noreturn]] void fail_with(int code, std::string_view doing) const;

 private:
  friend class Statement;
  sqlite3* handle_ = nullptr;
  std::string place_;
};

/// A prepared statement: bind values in order, then step through the rows.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::int64_t value);
  Statement& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
  Statement& bind(double value);  ///< NaN becomes NULL
  Statement& bind(std::string_view value);
  Statement& bind(const std::string& value) { return bind(std::string_view(value)); }
  Statement& bind(const char* value) { return bind(std::string_view(value)); }

  bool step();   ///< true: a row is there
  void run();    ///< step to the end, then reset
  void reset();  ///< ready for new values

  std::int64_t integer(int column) const;
  double real(int column) const;  ///< NULL is NaN
  std::string text(int column) const;

 private:
  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
  int next_ = 1;
};

/// Takes the write lock at once; rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace tern::report
