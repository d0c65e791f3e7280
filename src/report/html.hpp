// The report of a study: one HTML file that needs nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/trial_record.hpp"

namespace tern::report {

/// Spikes of one layer for the example recording.
struct RasterLayer {
  std::string node;
  std::int64_t neurons = 0;           ///< in the layer, those not shown included
  std::int64_t shown = 0;             ///< how many are drawn; at most about 128 are legible
  std::vector<std::uint8_t> spikes;   ///< [num_steps, shown]: 0 or the number of spikes in that step (up to 9)
};

/// One recording as the network saw it and answered it.
struct ExampleRaster {
  std::string sample_name;
  std::string label;
  std::string predicted;
  std::int64_t num_steps = 0;
  std::vector<RasterLayer> layers;    ///< in the network's order
  std::int64_t c = 0, h = 0, w = 0;   ///< of a frame; c is 1, 2 (ON, OFF) or 3 (red, green, blue); at most 128 x 128
  std::vector<float> frames;          ///< [num_steps, c, h, w], >= 0; scaled to their own maximum. May be empty
};

/// All that the page shows. Text may hold anything: it is escaped.
struct ReportData {
  std::string name;                   ///< of the study
  std::string title;                  ///< heading; `name` where empty
  std::string split;                  ///< how the data were split, in a sentence: "60 000 train, ..., by user"
  std::string data;                   ///< data set, source and checksum, in a sentence or two
  std::string data_checksum;
  std::string config;                 ///< the exact configuration, as text
  std::string created;                ///< date to show, ISO 8601
  std::uint64_t seed = 0;
  TextPairs environment;              ///< {"CPU", ...}, {"compiler", ...}, {"threads", ...}
  std::vector<std::string> commands;  ///< shell lines that repeat the study
  std::vector<TrialRecord> trials;    ///< any status; unfinished and failed ones are listed as such
  double tolerance = 0.01;            ///< "within this much of the baseline's accuracy" in the finding, a fraction
  std::optional<ExampleRaster> example;
};

/// The page as bytes (UTF-8): HTML, style, scripts and data in one file that opens from disk without a network.
/// The same data give the same bytes. Errors: an example whose arrays do not match its sizes (bad_data).
/// Invalid UTF-8 in texts is replaced by U+FFFD.
std::string render_report(const ReportData& data);

}  // namespace tern::report
