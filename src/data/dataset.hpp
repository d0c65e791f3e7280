// Labelled event recordings as frames of counts, and labelled images, ready for training and for measuring.
//
// `data` owns the way from other people's files to batches: choosing files, transforming events, counting
// them into frames, decoding images, splitting, caching and gathering batches. It knows nothing of torch,
// networks or training; the files themselves are read by `formats`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "base/registry.hpp"
#include "net/types.hpp"

namespace tern::data {

/// Samples of one part of a data set. Plain values: readable from any thread while nobody writes.
struct Split {
  std::vector<std::int32_t> labels;  ///< [n], index into FrameDataset::class_names
  std::vector<std::uint8_t>
      frames;  ///< [n, num_steps, c, h, w], events counted in a cell, at most 255; or pixels
  std::vector<std::string> sample_names;  ///< [n], the file, "@START_ms" added where it was cut

  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
};

/// A data set in memory. Every sample has the same extents [num_steps, c, h, w]. Of events, channel 0 counts
/// those of polarity off (0, darker), channel 1 those of polarity on, as tonic and SpikingJelly do. An image
/// is one step; its channel is grey, or its channels are red, green and blue.
struct FrameDataset {
  std::string name;
  net::Shape sample_shape;               ///< {c, h, w} of one step; c is 2 for events, 1 or 3 for images
  std::int64_t num_steps = 0;            ///< T
  std::vector<std::string> class_names;  ///< in label order
  Split train, validation, test;
  /// What one count of `frames` is worth: a network sees float(count) * value_scale. 1 for events; 1/255, as
  /// the nearest float, for images, whose pixels so lie in 0..1.
  float value_scale = 1;
  std::uint64_t checksum = 0;   ///< of shape, scale, classes, labels and frames; the same on any machine
  std::string split_statement;  ///< one paragraph for a report: how the parts were chosen
  std::string
      transform;  ///< canonical text of what was done to the events (FrameTransform::text), or to images
  std::int64_t saturated = 0;       ///< cells that held more than 255 events and were clipped to 255
  std::int64_t dropped_events = 0;  ///< events outside the frames (after the last fixed step)

  std::int64_t num_classes() const { return static_cast<std::int64_t>(class_names.size()); }
  /// Pixels of images rather than counts of events.
  bool is_images() const { return value_scale != 1; }
  /// Cells of one sample: num_steps * c * h * w.
  std::int64_t sample_size() const { return num_steps * net::num_elements(sample_shape); }
};

/// What to load and how. Zero or an empty text means "the data set's own default" (see data_set_table()).
/// Images have one step and no events: num_steps may be 1, and slicing, step_ms, window_ms, height, width,
/// denoise_us and transforms are refused for them.
struct DataOptions {
  std::string name = "nmnist-mini";  ///< a row of data_set_table()
  std::filesystem::path path{};      ///< folder of the data set; empty only where needs_path is false
  std::int64_t num_steps = 0;        ///< T, 1..1024
  std::string slicing{};    ///< "count": T slices of floor(N/T) events; "time": T windows of equal length
  double step_ms = 0;       ///< with "time": fixed length of a step; 0 = extent of the sample / T
  double window_ms = 0;     ///< recordings that are cut into samples: length of one sample
  std::int64_t height = 0;  ///< target size of the frames; both or neither. Counts of merged pixels add up
  std::int64_t width = 0;
  std::int64_t denoise_us = 0;  ///< drop events without a neighbour within this time; 0 = keep all
  std::string transforms{};  ///< further steps before framing, "flip_x | crop_time:start_us=0,stop_us=100000"
  double validation_fraction = -1;    ///< of the training part, [0, 0.9]; -1 = the data set's own
  std::int64_t max_per_class = 0;     ///< so many samples of a class in training and in test; 0 = all
  std::uint64_t seed = 0;             ///< of the split, the choice above and random transforms
  std::filesystem::path cache_dir{};  ///< where framed data are kept for the next run; empty = no cache
};

/// One row of the registry: `info.parameters` are the fields of DataOptions, with this set's defaults.
struct DataSetRow {
  MethodInfo info;
  bool needs_path = true;  ///< false: a path is needed only where the files are not in their usual place
  bool images = false;     ///< samples are images: see DataOptions
  DataOptions defaults;    ///< what zero fields of DataOptions mean for this set
};

/// The registry: event recordings (nmnist, nmnist-mini, dvs128-objects, dvs128-gesture, event-folder) and
/// images (fashion-mnist, mnist, cifar10, cifar10-jpg, image-folder).
const std::vector<DataSetRow>& data_set_table();

/// The part of the training samples held for validation where the options do not say: 0.1, but 1/12 (5000 of
/// 60000) for fashion-mnist and mnist. 0.1 also for an unknown name, which resolve() refuses.
double default_validation_fraction(std::string_view name);

/// `options` with every zero field replaced by the default of its data set.
/// Errors: usage where the name is unknown, a value is out of range or two contradict each other.
DataOptions resolve(const DataOptions& options);

/// Loads a data set: resolve(), read (or take from the cache), frame, split, checksum.
/// Parts never share a recording, save that "dvs128-objects" takes the last contiguous windows of each
/// training recording for validation, as `split_statement` says. A damaged cache is rebuilt, and one that
/// cannot be written is done without; log() says so. Errors: usage (unknown name, missing path, a folder that
/// is not laid out as expected: the message says what was expected); bad_data (corrupt or mislabelled files,
/// an empty class; the place names the file); io; interrupted.
FrameDataset load_data_set(const DataOptions& options, const ProgressCallback& progress = {});

/// Sizes, samples a class, density of activity (mean fraction of non-zero cells; of images mean and deviation
/// of each channel) and split, as lines of text.
std::string describe(const FrameDataset& data);

}  // namespace tern::data
