// The data block of the page. Private to `report`.
#pragma once

#include <string>

#include "report/html.hpp"

namespace tern::report {

/// All figures of the page as one JSON object (UTF-8; what assets/*.js read). NaN and infinities become null.
std::string report_json(const ReportData& data);

}  // namespace tern::report
