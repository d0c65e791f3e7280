#include "report/html.hpp"

#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "report/assets.hpp"
#include "report/report_json.hpp"

namespace tern::report {
namespace {

// Text between tags or in a quoted attribute.
std::string html_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

// Inside a script element the parser ends at "</script" and changes state at "<!--": no '<' is left in the data. JSON
// has '<' only inside strings, where \u003c means the same.
std::string script_text(const std::string& json) {
  std::string out;
  for (const char c : json) {
    if (c == '<') out += "\\u003c";
    else if (c == '>') out += "\\u003e";
    else if (c == '&') out += "\\u0026";
    else out += c;
  }
  return out;
}

// The JSON writer replaces invalid UTF-8 by U+FFFD; reading its string back gives the repaired text.
std::string valid_utf8(const std::string& text) {
  using Json = nlohmann::json;
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

struct Slot {
  std::string_view name;
  std::string text;
};

// Replaces each {{name}} of the template once, never looking into what it has put in.
std::string fill(std::string_view page, const std::vector<Slot>& slots) {
  std::string out;
  while (!page.empty()) {
    const std::size_t open = page.find("{{");
    const std::size_t close = open == page.npos ? page.npos : page.find("}}", open);
    out += page.substr(0, open);
    if (close == page.npos) break;
    const std::string_view name = page.substr(open + 2, close - open - 2);
    for (const Slot& slot : slots)
      if (slot.name == name) out += slot.text;
    page.remove_prefix(close + 2);
  }
  return out;
}

std::string joined_scripts() {
  std::string out = "(() => {\n\"use strict\";\n";
  for (const std::string_view part : {assets::page_js, assets::front_js, assets::energy_js, assets::trial_js,
                                      assets::example_js, assets::report_js})
    out += part;
  return out + "})();\n";
}

}  // namespace

std::string render_report(const ReportData& data) {
  const std::string title = valid_utf8(data.title.empty() ? data.name : data.title);
  return fill(assets::report_html, {{"title", html_text(title)},
                                    {"style", std::string(assets::uPlot_min_css) + std::string(assets::report_css)},
                                    {"data", script_text(report_json(data))},
                                    {"uplot", std::string(assets::uPlot_iife_min_js)},
                                    {"script", joined_scripts()}});
}

}  // namespace tern::report
