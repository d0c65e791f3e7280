#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "base/log.hpp"
#include "base/threads.hpp"
#include "data/recipe.hpp"
#include "data/sample_transform.hpp"
#include "data/split.hpp"

namespace tern::data {
namespace {

struct FramedSample {
  std::int32_t label = 0;
  std::string name;
  net::Shape shape;
  std::vector<std::uint8_t> frames;
  FrameLosses losses;
};

FramedSample frame(EventSample sample, const FrameTransform& transform) {
  transform.apply(sample.recording, sample.name);
  const formats::Recording& recording = sample.recording;
  FramedSample framed{sample.label, std::move(sample.name), {2, recording.height, recording.width}, {}, {}};
  framed.frames.resize(
      static_cast<std::size_t>(transform.frames.num_steps * 2 * recording.height * recording.width));
  const TimeSpan extent = sample.span ? *sample.span : extent_of(recording.events);
  framed.losses = events_to_frames(recording, transform.frames, extent, framed.frames);
  return framed;
}

std::vector<FramedSample> frame_source(const Source& source, const FrameTransform& transform) {
  std::vector<FramedSample> framed;
  if (source.read_image) {
    formats::Image image = source.read_image();
    framed.push_back({source.label,
                      source.name,
                      {image.channels, image.height, image.width},
                      std::move(image.pixels),
                      {}});
    return framed;
  }
  for (EventSample& sample : source.read()) framed.push_back(frame(std::move(sample), transform));
  return framed;
}

/// Takes framed samples, one source after another, into the parts of a data set.
class Collector {
 public:
  Collector(FrameDataset& data, const Recipe& recipe, const DataOptions& options)
      : data_(data), recipe_(recipe), options_(options) {
    data_.sample_shape = recipe.sample_shape;
  }

  void add(std::vector<FramedSample> samples, Destination where) {
    const auto total = static_cast<std::int64_t>(samples.size());
    const bool cut = recipe_.rule == ValidationRule::last_windows && where == Destination::train;
    const std::int64_t held = cut ? validation_count(total, options_.validation_fraction) : 0;
    for (std::int64_t i = 0; i < total; ++i)
      append(std::move(samples[static_cast<std::size_t>(i)]),
             i >= total - held ? Destination::validation : where);
  }

 private:
  void append(FramedSample sample, Destination where) {
    if (data_.sample_shape.empty()) data_.sample_shape = sample.shape;
    if (recipe_.images && sample.shape[0] != data_.sample_shape[0]) match_channels(sample);
    check_shape(sample);
    Split& split = where == Destination::train        ? data_.train
                   : where == Destination::validation ? data_.validation
                                                      : data_.test;
    split.labels.push_back(sample.label);
    split.sample_names.push_back(sample.name);
    split.frames.insert(split.frames.end(), sample.frames.begin(), sample.frames.end());
    data_.saturated += sample.losses.saturated;
    data_.dropped_events += sample.losses.dropped;
  }

  /// Grey among colour: three equal channels, for this sample or, before the first colour, for all so far.
  void match_channels(FramedSample& sample) {
    if (sample.shape[0] == 1) {
      sample.frames = tripled(sample.frames, sample.frames.size());
      sample.shape[0] = 3;
    } else if (recipe_.sample_shape.empty()) {
      const auto size = static_cast<std::size_t>(data_.sample_size());
      for (Split* split : {&data_.train, &data_.validation, &data_.test})
        split->frames = tripled(split->frames, size);
      data_.sample_shape[0] = 3;
    }
  }

  /// Each run of `size` bytes three times.
  static std::vector<std::uint8_t> tripled(const std::vector<std::uint8_t>& frames, std::size_t size) {
    std::vector<std::uint8_t> out;
    out.reserve(3 * frames.size());
    for (std::size_t at = 0; at < frames.size(); at += size)
      for (int channel = 0; channel < 3; ++channel)
        out.insert(out.end(), frames.begin() + static_cast<std::ptrdiff_t>(at),
                   frames.begin() + static_cast<std::ptrdiff_t>(at + size));
    return out;
  }

  void check_shape(const FramedSample& sample) const {
    if (data_.sample_shape == sample.shape) return;
    if (recipe_.images)
      fail(ErrorKind::bad_data, sample.name, "the image is {} (channels, height, width), expected {}{}",
           net::to_string(sample.shape), net::to_string(data_.sample_shape),
           recipe_.sample_shape.empty() ? ", the shape of the others" : "");
    fail(ErrorKind::bad_data, sample.name,
         "frames of {} x {} (height x width) but others have {} x {}: give height "
         "and width to scale them alike",
         sample.shape[1], sample.shape[2], data_.sample_shape[1], data_.sample_shape[2]);
  }

  FrameDataset& data_;
  const Recipe& recipe_;
  const DataOptions& options_;
};

/// Removes all but `keep` samples of each class, chosen by a seeded shuffle.
void limit_split(Split& split, std::int64_t keep, const FrameDataset& data, std::uint64_t seed,
                 std::string_view part) {
  std::map<std::int32_t, std::vector<std::size_t>> classes;
  for (std::size_t i = 0; i < split.labels.size(); ++i) classes[split.labels[i]].push_back(i);
  std::vector<bool> kept(split.labels.size());
  for (const auto& [label, members] : classes) {
    const std::string name =
        fmt::format("limit/{}/{}", part, data.class_names[static_cast<std::size_t>(label)]);
    const std::vector<bool> chosen = choose(static_cast<std::int64_t>(members.size()), keep, seed, name);
    for (std::size_t i = 0; i < members.size(); ++i) kept[members[i]] = chosen[i];
  }
  const auto size = static_cast<std::size_t>(data.sample_size());
  std::size_t to = 0;
  for (std::size_t from = 0; from < kept.size(); ++from) {
    if (!kept[from]) continue;
    split.labels[to] = split.labels[from];
    split.sample_names[to] = std::move(split.sample_names[from]);
    std::copy_n(split.frames.data() + from * size, size, split.frames.data() + to * size);
    ++to;
  }
  split.labels.resize(to);
  split.sample_names.resize(to);
  split.frames.resize(to * size);
}

/// Sources with several samples are limited here, after reading; the others were before.
void limit_samples(FrameDataset& data, const Recipe& recipe, const DataOptions& options) {
  const bool single = std::all_of(recipe.sources.begin(), recipe.sources.end(),
                                  [](const Source& source) { return source.num_samples == 1; });
  if (options.max_per_class <= 0 || single) return;
  const std::int64_t held = validation_count(options.max_per_class, options.validation_fraction);
  limit_split(data.train, options.max_per_class - held, data, options.seed, "train");
  limit_split(data.validation, std::max<std::int64_t>(held, 1), data, options.seed, "validation");
  limit_split(data.test, options.max_per_class, data, options.seed, "test");
}

void check_classes(const FrameDataset& data) {
  for (std::size_t label = 0; label < data.class_names.size(); ++label)
    if (std::find(data.train.labels.begin(), data.train.labels.end(), static_cast<std::int32_t>(label)) ==
        data.train.labels.end())
      fail(ErrorKind::bad_data, data.name, "class '{}' has no training sample", data.class_names[label]);
  if (data.saturated > 0)
    log(LogLevel::warning,
        fmt::format("{}: {} cells held more than 255 events and were clipped", data.name, data.saturated));
}

/// Reserves what is known of the sizes beforehand: growing a large vector would double its memory.
void reserve(FrameDataset& data, const Recipe& recipe, const std::vector<Destination>& where) {
  std::int64_t counts[3] = {};
  for (std::size_t i = 0; i < where.size(); ++i)
    if (where[i] != Destination::nowhere) counts[static_cast<int>(where[i])] += recipe.sources[i].num_samples;
  Split* const splits[3] = {&data.train, &data.validation, &data.test};
  for (int i = 0; i < 3; ++i)
    splits[i]->frames.reserve(static_cast<std::size_t>(counts[i] * data.sample_size()));
}

void read_all(FrameDataset& data, const Recipe& recipe, const DataOptions& options,
              const FrameTransform& transform, const ProgressCallback& progress) {
  const std::vector<Destination> where = destinations(recipe, options);
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < where.size(); ++i)
    if (where[i] != Destination::nowhere) wanted.push_back(i);
  Collector collector(data, recipe, options);
  const std::size_t chunk = recipe.images ? 1024 : 64;  // so many recordings are held as events at once
  const char* unit = recipe.images ? "images" : "recordings";
  for (std::size_t begin = 0; begin < wanted.size(); begin += chunk) {
    if (stop_requested()) fail(ErrorKind::interrupted, data.name, "stopped after {} {}", begin, unit);
    const std::size_t count = std::min(chunk, wanted.size() - begin);
    std::vector<std::vector<FramedSample>> framed(count);
    parallel_for(static_cast<std::int64_t>(count), 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i)
        framed[static_cast<std::size_t>(i)] =
            frame_source(recipe.sources[wanted[begin + static_cast<std::size_t>(i)]], transform);
    });
    for (std::size_t i = 0; i < count; ++i) {
      collector.add(std::move(framed[i]), where[wanted[begin + i]]);
      if (begin == 0 && i == 0 && !data.sample_shape.empty()) reserve(data, recipe, where);
    }
    if (progress)
      progress({fmt::format("read {}", unit),
                static_cast<std::int64_t>(begin + count),
                static_cast<std::int64_t>(wanted.size()),
                unit,
                {},
                begin + count == wanted.size()});
  }
}

std::uint64_t add_split(std::uint64_t hash, const Split& split) {
  const auto bytes = [](const auto& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
  };
  return fnv1a_64(bytes(split.frames), fnv1a_64(bytes(split.labels), hash));
}

}  // namespace

std::uint64_t checksum_of(const FrameDataset& data) {
  std::string head = fmt::format("{} {}", data.num_steps, net::to_string(data.sample_shape));
  if (data.value_scale != 1) head += fmt::format(" scale {}", data.value_scale);
  for (const std::string& name : data.class_names) head += fmt::format(" {}", name);
  return add_split(add_split(add_split(fnv1a_64(head), data.train), data.validation), data.test);
}

FrameDataset build(const Recipe& recipe, const DataOptions& options, const ProgressCallback& progress) {
  const FrameTransform transform = recipe.images ? FrameTransform{} : sample_transform(options);
  FrameDataset data;
  data.name = options.name;
  data.num_steps = options.num_steps;
  data.class_names = recipe.class_names;
  data.transform = recipe.images ? "pixels / 255" : transform.text();
  if (recipe.images) data.value_scale = 1.0F / 255.0F;
  read_all(data, recipe, options, transform, progress);
  limit_samples(data, recipe, options);
  check_classes(data);
  data.split_statement = split_statement(recipe, options, data);
  data.checksum = checksum_of(data);
  return data;
}

}  // namespace tern::data
