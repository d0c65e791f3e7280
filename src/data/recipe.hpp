// What a data set is made of before anything is framed: its recordings or images, their labels and the rule
// of its split.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/frames.hpp"
#include "formats/events/recording.hpp"
#include "formats/images/image.hpp"

namespace tern::data {

enum class Part { train, test };

/// The events of one sample.
struct EventSample {
  std::int32_t label = 0;
  std::string name;
  formats::Recording recording;
  std::optional<TimeSpan> span;  ///< the sample's span of time where it is wider than its events
};

/// One recording, or one image. `read` and `read_image` are thread-safe; one of them is set.
struct Source {
  Part part = Part::train;
  std::int32_t label = -1;  ///< of all its samples; -1: it holds several classes
  std::string name;
  std::int64_t num_samples = 0;                         ///< 0: known only after reading
  std::function<std::vector<EventSample>()> read = {};  ///< the samples in order of time
  std::function<formats::Image()> read_image = {};
};

/// How validation samples are chosen from the training part.
enum class ValidationRule {
  recordings,   ///< whole recordings, the same fraction of each class, by a seeded shuffle
  last_windows  ///< the last contiguous samples of each recording
};

struct Recipe {
  std::vector<std::string> class_names;
  std::vector<Source> sources;               ///< in a fixed order that does not depend on the file system
  std::vector<std::filesystem::path> files;  ///< every file that is read: part of the cache key
  ValidationRule rule = ValidationRule::recordings;
  std::string origin;            ///< sentence: what is train and what is test
  bool images = false;           ///< the sources are images; grey ones among colour ones get three channels
  net::Shape sample_shape = {};  ///< {c, h, w} that images must have; empty: that of the first
};

/// Reads, transforms and frames (or decodes) all samples of a recipe and splits them; checksum and text of
/// the transform included. `options` are resolved. Reading runs on all threads; `progress` is called from the
/// calling one. Errors: as load_data_set.
FrameDataset build(const Recipe& recipe, const DataOptions& options, const ProgressCallback& progress);

/// Checksum of shape, scale, classes, labels and frames of all parts.
std::uint64_t checksum_of(const FrameDataset& data);

}  // namespace tern::data
