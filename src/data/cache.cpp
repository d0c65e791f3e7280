#include "data/cache.hpp"

#include <cstring>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "data/sample_transform.hpp"

namespace tern::data {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view magic = "TERNFRM2";

/// Writes and hashes as it goes, so that the data need not be copied into one string.
class HashedFile {
 public:
  explicit HashedFile(const fs::path& path) : file_(path) {}
  void write(std::string_view bytes) {
    file_.write(bytes);
    hash_ = fnv1a_64(bytes, hash_);
  }
  void write_number(std::uint64_t value) { write({reinterpret_cast<const char*>(&value), sizeof value}); }
  void commit() {
    const std::uint64_t hash = hash_;
    file_.write({reinterpret_cast<const char*>(&hash), sizeof hash});
    file_.commit();
  }

 private:
  AtomicFile file_;
  std::uint64_t hash_ = fnv1a_64("");
};

template <typename Value>
std::string_view bytes_of(const std::vector<Value>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value)};
}

/// Takes from the front of what is left. Errors: bad_data, caught by read_cache.
class Taker {
 public:
  explicit Taker(std::string_view bytes) : left_(bytes) {}
  std::string_view take(std::uint64_t count) {
    if (count > left_.size()) fail(ErrorKind::bad_data, "", "truncated");
    const std::string_view taken = left_.substr(0, static_cast<std::size_t>(count));
    left_.remove_prefix(static_cast<std::size_t>(count));
    return taken;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  template <typename Value>
  std::vector<Value> values(std::uint64_t count) {
    const std::string_view bytes = take(count * sizeof(Value));
    std::vector<Value> out(static_cast<std::size_t>(count));
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
  }

 private:
  std::string_view left_;
};

nlohmann::json head_of(const std::string& key, const FrameDataset& data) {
  return {{"key", key},
          {"name", data.name},
          {"shape", data.sample_shape},
          {"num_steps", data.num_steps},
          {"classes", data.class_names},
          {"split", data.split_statement},
          {"transform", data.transform},
          {"value_scale", data.value_scale},
          {"saturated", data.saturated},
          {"dropped", data.dropped_events},
          {"checksum", data.checksum},
          {"samples", {data.train.sample_names, data.validation.sample_names, data.test.sample_names}}};
}

FrameDataset parse(std::string_view bytes, const std::string& key) {
  if (bytes.size() < magic.size() + 16) fail(ErrorKind::bad_data, "", "truncated");
  Taker footer(bytes.substr(bytes.size() - 8));
  bytes.remove_suffix(8);
  if (footer.number() != fnv1a_64(bytes)) fail(ErrorKind::bad_data, "", "its checksum does not match");
  Taker taker(bytes);
  if (taker.take(magic.size()) != magic) fail(ErrorKind::bad_data, "", "it is not a cache of frames");
  const nlohmann::json head = nlohmann::json::parse(taker.take(taker.number()));
  if (head.at("key") != key) fail(ErrorKind::bad_data, "", "it was made from other data");
  FrameDataset data;
  data.name = head.at("name");
  data.sample_shape = head.at("shape").get<net::Shape>();
  data.num_steps = head.at("num_steps");
  data.class_names = head.at("classes").get<std::vector<std::string>>();
  data.split_statement = head.at("split");
  data.transform = head.at("transform");
  data.value_scale = head.at("value_scale");
  data.saturated = head.at("saturated");
  data.dropped_events = head.at("dropped");
  data.checksum = head.at("checksum");
  Split* const splits[3] = {&data.train, &data.validation, &data.test};
  for (std::size_t i = 0; i < 3; ++i) {
    splits[i]->sample_names = head.at("samples").at(i).get<std::vector<std::string>>();
    const std::uint64_t count = splits[i]->sample_names.size();
    splits[i]->labels = taker.values<std::int32_t>(count);
    splits[i]->frames = taker.values<std::uint8_t>(count * static_cast<std::uint64_t>(data.sample_size()));
  }
  return data;
}

}  // namespace

std::string cache_key(const Recipe& recipe, const DataOptions& resolved) {
  std::string key = fmt::format("{} {} {}\nsplit {} {} {} {}\nwindow {}\n", magic, resolved.name,
                                recipe.images ? "pixels / 255" : sample_transform(resolved).text(),
                                resolved.validation_fraction, resolved.seed, resolved.max_per_class,
                                static_cast<int>(recipe.rule), resolved.window_ms);
  for (const fs::path& file : recipe.files) {
    const auto changed = fs::last_write_time(file).time_since_epoch().count();
    key += fmt::format("{} {} {}\n", file.lexically_relative(resolved.path).string(), fs::file_size(file),
                       changed);
  }
  return to_hex(fnv1a_64(key)) + fmt::format(" {} bytes, {} files", key.size(), recipe.files.size());
}

fs::path cache_path(const DataOptions& resolved, const std::string& key) {
  return resolved.cache_dir / (resolved.name + "-" + key.substr(0, 16) + ".frames");
}

std::optional<FrameDataset> read_cache(const fs::path& path, const std::string& key) {
  if (!fs::is_regular_file(path)) return std::nullopt;
  try {
    return parse(tern::read_file(path), key);
  } catch (const std::exception& error) {  // ours and those of the JSON reader
    log(LogLevel::warning, fmt::format("{}: the cache is rebuilt: {}", path.string(), error.what()));
    return std::nullopt;
  }
}

void write_cache(const fs::path& path, const std::string& key, const FrameDataset& data) {
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  if (failure)
    fail(ErrorKind::io, path.parent_path().string(), "cannot make the folder: {}", failure.message());
  HashedFile file(path);
  const std::string head = head_of(key, data).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  file.write(magic);
  file.write_number(head.size());
  file.write(head);
  for (const Split* split : {&data.train, &data.validation, &data.test}) {
    file.write(bytes_of(split->labels));
    file.write(bytes_of(split->frames));
  }
  file.commit();
}

}  // namespace tern::data
