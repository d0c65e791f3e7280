#include "cli/run_files.hpp"

#include <algorithm>
#include <numeric>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "formats/samples/sample_file.hpp"
#include "report/table.hpp"

namespace tern::cli {
namespace {

std::string text_of(const engine::Program& program, const char* name) {
  const auto found = program.metadata().find(name);
  return found == program.metadata().end() ? std::string() : found->second;
}

std::vector<std::string> class_names(const engine::Program& program) {
  std::vector<std::string> names;
  std::istringstream lines(text_of(program, "classes"));
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  return names;
}

/// Bytes are worth what they were in the model's data set: pixels are divided by 255, counts of events are not.
formats::SampleTarget target_of(const engine::Program& program, const FileRun& run) {
  const net::Net& net = program.net();
  formats::SampleTarget target{net.type(net.input().name), run.num_steps > 0 ? run.num_steps : net.num_steps()};
  const std::string transform = text_of(program, "transform");
  target.takes_images = transform.empty() ? !target.input.has_time : transform == "pixels / 255";
  target.byte_scale = target.takes_images ? 1.0F / 255 : 1.0F;
  target.array = run.array;
  return target;
}

/// The samples of one file.
struct FileScores {
  std::string file;
  std::int64_t n = 0;
  std::vector<float> scores;  ///< [n, classes]
};

std::vector<std::int64_t> best_classes(const float* scores, std::int64_t classes, std::int64_t count) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(classes));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return scores[a] > scores[b]; });
  order.resize(static_cast<std::size_t>(std::min(count, classes)));
  return order;
}

report::Table class_table(const std::vector<FileScores>& results, std::int64_t classes, std::int64_t top,
                          const std::vector<std::string>& names) {
  report::Table table;
  table.columns = {{"file", "file"}, {"sample", "sample", true}, {"class", "class", true}, {"name", "name"},
                   {"score", "score", true}};
  for (const auto& result : results)
    for (std::int64_t sample = 0; sample < result.n; ++sample) {
      const float* const scores = result.scores.data() + sample * classes;
      for (const std::int64_t best : best_classes(scores, classes, top)) {
        const auto index = static_cast<std::size_t>(best);
        table.rows.push_back({result.file, {static_cast<double>(sample), 0}, {static_cast<double>(best), 0},
                              index < names.size() ? names[index] : "", {scores[best], 4}});
      }
    }
  if (names.empty())
    for (auto& column : table.columns)
      if (column.key == "name") column.audience = report::Audience::programs;
  return table;
}

void print_json(const std::vector<FileScores>& results, std::int64_t classes, const std::vector<std::string>& names) {
  auto json = nlohmann::ordered_json::array();
  for (const auto& result : results)
    for (std::int64_t sample = 0; sample < result.n; ++sample) {
      const float* const scores = result.scores.data() + sample * classes;
      const auto best = static_cast<std::size_t>(best_classes(scores, classes, 1)[0]);
      nlohmann::ordered_json row{{"file", result.file}, {"sample", sample}, {"class", best}};
      if (best < names.size()) row["name"] = names[best];
      row["scores"] = std::vector<float>(scores, scores + classes);
      json.push_back(std::move(row));
    }
  fmt::print("{}\n", json.dump());
}

}  // namespace

void run_files(const engine::Program& program, const FileRun& run, bool json) {
  const net::Net& net = program.net();
  const net::TensorType& output = net.type(net.output().name);
  if (output.has_time || output.shape.size() != 1)
    fail(ErrorKind::unsupported, net.name(), "its output is {}, no scores of classes", net::to_string(output));
  const formats::SampleTarget target = target_of(program, run);
  const std::int64_t classes = output.shape[0];
  std::vector<FileScores> results;
  for (const auto& file : run.files) {
    const formats::Samples samples = formats::read_samples(file, target);
    const auto scores = program.run(samples.frames, samples.num_steps, samples.n);
    if (!scores) fail(ErrorKind::bad_data, file, "{}", scores.error().message);
    results.push_back({file, samples.n, *scores});
  }
  const std::vector<std::string> names = class_names(program);
  if (json) return print_json(results, classes, names);
  fmt::print("{}", class_table(results, classes, run.top, names).print(report::TableFormat::text));
}

}  // namespace tern::cli
