// The files of assets/ and uPlot as text, put into the library by embed.cmake. Private to `report`.
#pragma once

#include <string_view>

namespace tern::report::assets {

extern const std::string_view report_html, report_css;
extern const std::string_view page_js, front_js, energy_js, trial_js, example_js, report_js;
extern const std::string_view uPlot_iife_min_js, uPlot_min_css;

}  // namespace tern::report::assets
