// tern diff: where two models drift apart, node by node.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/seed.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/model_source.hpp"
#include "cli/terminal.hpp"
#include "data/batch.hpp"
#include "engine/program.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"
#include "report/table.hpp"

namespace tern::cli {
namespace {

struct DiffArguments {
  std::string first, second;
  std::int64_t samples = 16;
};

/// [num_steps, n, shape...], as both readers take them.
struct Frames {
  std::vector<float> values;
  std::int64_t num_steps = 1, n = 1;
};

using NodeValues = std::map<std::string, std::vector<float>>;

/// A packed model runs in the engine, anything else on libtorch.
NodeValues run_nodes(ModelSource& source, const Frames& frames) {
  NodeValues nodes;
  if (source.packed) {
    engine::Options options;
    options.fuse = false;
    const auto program = engine::Program::from(*source.packed, options);
    if (!program) fail(ErrorKind::bad_data, "", "{}", program.error().message);
    const auto scores = program->run(frames.values, frames.num_steps, frames.n,
                                     [&](std::string_view node, std::span<const float> values, const net::Shape&) {
                                       nodes[std::string(node)].assign(values.begin(), values.end());
                                     });
    if (!scores) fail(ErrorKind::usage, "", "{}", scores.error().message);
    return nodes;
  }
  const c10::NoGradGuard no_grad;
  const net::TensorType& type = source.net.type(source.net.input().name);
  std::vector<std::int64_t> extents{frames.num_steps * frames.n};
  extents.insert(extents.end(), type.shape.begin(), type.shape.end());
  learn::ForwardOptions options;
  options.observer = [&](const net::Node& node, const at::Tensor& value) {
    const at::Tensor dense = value.contiguous().to(at::kFloat);
    nodes[node.name].assign(dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel());
  };
  const at::Tensor input = at::from_blob(const_cast<float*>(frames.values.data()), extents, at::kFloat).clone();
  learn::forward(*source.model, input, frames.num_steps, options);
  return nodes;
}

Frames data_frames(const data::DataOptions& options, std::int64_t samples, bool quiet) {
  ProgressPrinter progress(quiet);
  const data::FrameDataset data = data::load_data_set(options, std::ref(progress));
  progress.clear();
  Frames frames{{}, data.num_steps, std::min(samples, data.test.size())};
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < frames.n; ++i) indices.push_back(i * data.test.size() / frames.n);
  frames.values.resize(static_cast<std::size_t>(frames.n * data.sample_size()));
  data::gather(data, data.test, indices, frames.values.data());
  return frames;
}

/// Spikes for networks with time, uniform values for others.
Frames random_frames(const net::Net& net, std::int64_t samples) {
  const net::TensorType& type = net.type(net.input().name);
  Frames frames{{}, type.has_time ? std::max<std::int64_t>(1, net.num_steps()) : 1, samples};
  frames.values.resize(static_cast<std::size_t>(frames.num_steps * samples * net::num_elements(type.shape)));
  Rng rng(1);
  for (auto& x : frames.values)
    x = type.has_time ? (rng.uniform() < 0.1 ? 1.0F : 0.0F) : static_cast<float>(rng.uniform());
  return frames;
}

struct Difference {
  double largest = 0, signal = 0, noise = 0;
  std::int64_t different = 0;
};

Difference difference(const std::vector<float>& a, const std::vector<float>& b) {
  Difference d;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double gap = std::abs(static_cast<double>(a[i]) - b[i]);
    d.largest = std::max(d.largest, gap);
    d.signal += static_cast<double>(a[i]) * a[i];
    d.noise += gap * gap;
    d.different += gap != 0;
  }
  return d;
}

std::int64_t other_predictions(const std::vector<float>& a, const std::vector<float>& b, std::int64_t n) {
  const auto classes = static_cast<std::ptrdiff_t>(a.size()) / n;
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto best = [&](const std::vector<float>& scores) {
      return std::max_element(scores.begin() + i * classes, scores.begin() + (i + 1) * classes) - scores.begin();
    };
    count += best(a) != best(b);
  }
  return count;
}

int diff_models(const DiffArguments& a, const data::DataOptions& data_options, bool has_data, const GlobalOptions& globals) {
  ModelSource first = read_model_source(a.first), second = read_model_source(a.second);
  for (const auto* source : {&first, &second})
    if (!source->model) fail(ErrorKind::usage, source == &first ? a.first : a.second, "a {} has no weights to run", source->kind);
  const Frames frames = has_data ? data_frames(data_options, a.samples, globals.quiet) : random_frames(first.net, a.samples);
  const NodeValues left = run_nodes(first, frames), right = run_nodes(second, frames);
  report::Table table;
  table.columns = {{"node", "node"},
                   {"operation", "op"},
                   {"values", "values", true},
                   {"different", "different", true},
                   {"largest difference", "largest", true},
                   {"signal to noise dB", "snr_db", true}};
  std::vector<std::string> only_one;
  for (const auto& node : first.net.nodes()) {
    const auto other = right.find(node.name);
    if (other == right.end() || other->second.size() != left.at(node.name).size()) {
      only_one.push_back(node.name);
      continue;
    }
    const Difference d = difference(left.at(node.name), other->second);
    table.rows.push_back({node.name,
                          node.op,
                          {static_cast<double>(other->second.size()), 0},
                          {static_cast<double>(d.different), 0},
                          report::Cell(fmt::format("{:.3g}", d.largest)),
                          {d.noise > 0 ? 10 * std::log10(d.signal / d.noise) : std::numeric_limits<double>::quiet_NaN(), 1}});
  }
  fmt::print("{}", table.print(globals.json ? report::TableFormat::json : report::TableFormat::text));
  const auto &scores = left.at(first.net.output().name), &others = right.at(second.net.output().name);
  if (scores.size() != others.size()) fail(ErrorKind::usage, "", "outputs of {} and {} values do not compare", scores.size(), others.size());
  const std::int64_t changed = other_predictions(scores, others, frames.n);
  if (!globals.json) {
    if (!only_one.empty()) fmt::print("not in both: {}\n", fmt::join(only_one, ", "));
    fmt::print("{} of {} predictions differ\n", changed, frames.n);
  }
  return changed > 0 ? 1 : 0;
}

}  // namespace

void add_diff(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("diff", "where two models differ, node by node: a .tern file runs in the engine, a checkpoint on libtorch");
  auto a = std::make_shared<DiffArguments>();
  command->add_option("FIRST", a->first, model_source_help)->required();
  command->add_option("SECOND", a->second, model_source_help)->required();
  command->add_option("--samples", a->samples, "test samples (--data), or random ones")->check(CLI::Range(1, 4096))->capture_default_str();
  auto data_options = add_data_options(*command);
  command->footer("Examples:\n  tern diff runs/x/checkpoint.safetensors runs/x/model.tern --data fashion-mnist\n"
                  "  tern diff runs/baseline runs/w4a4 --data fashion-mnist --samples 256");
  command->callback([&, a, data_options, command] {
    const bool has_data = command->count("--data") > 0;
    action = [&, a, data_options, has_data] { return diff_models(*a, *data_options, has_data, globals); };
  });
}

}  // namespace tern::cli
