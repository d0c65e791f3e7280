#include "report/database.hpp"

#include <cmath>
#include <limits>

#include <sqlite3.h>

#include "base/error.hpp"

namespace tern::report {
namespace {

constexpr int busy_timeout_ms = 30000;

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
      return ErrorKind::bad_data;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_ERROR:
      return ErrorKind::internal;
    default:
      return ErrorKind::io;
  }
}

}  // namespace

Database::Database(const std::filesystem::path& path) : place_(path.string()) {
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  const int code = sqlite3_open_v2(place_.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    const std::string reason = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    sqlite3_close_v2(handle_);
    fail(kind_of(code), place_, "cannot open the result store: {}", reason);
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, busy_timeout_ms);
}

Database::~Database() { sqlite3_close_v2(handle_); }

void Database::fail_with(int code, std::string_view doing) const {
  const char* hint = (code & 0xff) == SQLITE_BUSY ? " (another process held it for longer than 30 s)" : "";
  fail(kind_of(code), place_, "cannot {} the result store: {}{}", doing, sqlite3_errmsg(handle_), hint);
}

void Database::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail_with(code, "use");
}

void Database::run_patiently(const char* sql) {
  constexpr int pause_ms = 5;
  for (int waited_ms = 0;; waited_ms += pause_ms) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if ((code & 0xff) != SQLITE_BUSY || waited_ms >= busy_timeout_ms) fail_with(code, "use");
    sqlite3_sleep(pause_ms);
  }
}

Statement Database::prepare(const char* sql) { return Statement(*this, sql); }

std::int64_t Database::number(const char* sql) {
  Statement statement(*this, sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::int64_t Database::changes() const { return sqlite3_changes(handle_); }

Statement::Statement(Database& database, const char* sql) : database_(database) {
  const int code = sqlite3_prepare_v2(database_.handle_, sql, -1, &handle_, nullptr);
  if (code != SQLITE_OK) database_.fail_with(code, "read");
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(std::int64_t value) {
  if (const int code = sqlite3_bind_int64(handle_, next_++, value)) database_.fail_with(code, "use");
  return *this;
}

Statement& Statement::bind(double value) {
  const int code = std::isnan(value) ? sqlite3_bind_null(handle_, next_) : sqlite3_bind_double(handle_, next_, value);
  if (code != SQLITE_OK) database_.fail_with(code, "use");
  ++next_;
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  const char* bytes = value.empty() ? "" : value.data();
  const int code = sqlite3_bind_text64(handle_, next_++, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) database_.fail_with(code, "use");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  database_.fail_with(code, sqlite3_stmt_readonly(handle_) ? "read" : "write");
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() {
  sqlite3_reset(handle_);
  next_ = 1;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

double Statement::real(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(handle_, column);
}

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  return bytes ? std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)) : std::string();
}

Transaction::Transaction(Database& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.run("ROLLBACK");
  } catch (const Error&) {  // SQLite has rolled back by itself after some failures; there is nothing left to undo
  }
}

void Transaction::commit() {
  database_.run("COMMIT");
  open_ = false;
}

}  // namespace tern::report
