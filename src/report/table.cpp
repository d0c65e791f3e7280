#include "report/table.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace tern::report {
namespace {

// Code points, good enough for what tables hold: accents and arrows, no wide characters.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string gap(width - std::min(width, width_of(text)), ' ');
  return right ? gap + text : text + gap;
}

std::vector<std::size_t> columns_for(const Table& table, Audience hidden) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i].audience != hidden) shown.push_back(i);
  return shown;
}

std::vector<std::size_t> widths_of(const Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::size_t width = width_of(table.columns[i].title);
    for (const auto& row : table.rows) width = std::max(width, width_of(row[i].shown));
    widths.push_back(width);
  }
  return widths;
}

std::string text_line(std::span<const std::string> cells) {
  std::string line = fmt::format("{}", fmt::join(cells, "  "));
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string print_text(const Table& table) {
  const auto shown = columns_for(table, Audience::programs);
  const auto widths = widths_of(table);
  std::vector<std::string> heads, rules;
  for (const std::size_t i : shown) {
    heads.push_back(padded(table.columns[i].title, widths[i], table.columns[i].numeric));
    rules.push_back(std::string(widths[i], '-'));
  }
  std::string out = text_line(heads) + text_line(rules);
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (const std::size_t i : shown) cells.push_back(padded(row[i].shown, widths[i], table.columns[i].numeric));
    out += text_line(cells);
  }
  return out;
}

std::string markdown_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\' || c == '<' || c == '*' || c == '_' || c == '`') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string print_markdown(const Table& table) {
  std::string out = "|", rule = "|";
  const auto shown = columns_for(table, Audience::programs);
  for (const std::size_t i : shown) {
    out += fmt::format(" {} |", markdown_text(table.columns[i].title));
    rule += table.columns[i].numeric ? " ---: |" : " --- |";
  }
  out += '\n' + rule + '\n';
  for (const auto& row : table.rows) {
    out += '|';
    for (const std::size_t i : shown) out += fmt::format(" {} |", markdown_text(row[i].shown));
    out += '\n';
  }
  return out;
}

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

std::string print_csv(const Table& table) {
  const auto shown = columns_for(table, Audience::people);
  std::string out;
  const auto line = [&](auto&& text_of) {
    for (std::size_t i = 0; i < shown.size(); ++i) {
      if (i > 0) out += ',';
      out += csv_text(text_of(shown[i]));
    }
    out += '\n';
  };
  line([&](std::size_t i) { return table.columns[i].key; });
  for (const auto& row : table.rows) line([&](std::size_t i) { return row[i].exact; });
  return out;
}

nlohmann::ordered_json json_value(const Column& column, const Cell& cell) {
  if (!column.numeric) return cell.exact;
  const auto number = nlohmann::ordered_json::parse(cell.exact, nullptr, false);
  return number.is_number() ? number : nlohmann::ordered_json();
}

std::string print_json(const Table& table) {
  const auto shown = columns_for(table, Audience::people);
  auto out = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    auto object = nlohmann::ordered_json::object();
    for (const std::size_t i : shown) object[table.columns[i].key] = json_value(table.columns[i], row[i]);
    out.push_back(std::move(object));
  }
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

TableFormat table_format(std::string_view name) {
  if (name == "text") return TableFormat::text;
  if (name == "markdown" || name == "md") return TableFormat::markdown;
  if (name == "csv") return TableFormat::csv;
  if (name == "json") return TableFormat::json;
  fail(ErrorKind::usage, "", "unknown table format '{}': expected text, markdown, csv or json", name);
}

Cell::Cell(double number, int decimals)
    : shown(std::isfinite(number) ? fmt::format("{:.{}f}", number, decimals) : "-"),
      exact(std::isfinite(number) ? fmt::format("{}", number) : "") {}

std::string Table::print(TableFormat format) const {
  for (const auto& row : rows)
    if (row.size() != columns.size())
      fail(ErrorKind::internal, "table", "a row of {} cells: expected {}", row.size(), columns.size());
  switch (format) {
    case TableFormat::text: return print_text(*this);
    case TableFormat::markdown: return print_markdown(*this);
    case TableFormat::csv: return print_csv(*this);
    case TableFormat::json: return print_json(*this);
  }
  fail(ErrorKind::internal, "table", "format {}", static_cast<int>(format));
}

}  // namespace tern::report
