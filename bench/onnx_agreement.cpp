// Does ONNX Runtime compute what the engine computes, and does it fuse what we export?
//
//   bench_onnx_agreement --onnxruntime LIBRARY [--folder FOLDER] [--output TENSOR] [--data SET --path FOLDER
//                        --samples N] MODEL.onnx|MODEL.tern...
//
// Each model is imported (.onnx) or read (.tern) and run in the engine and, as a file, in ONNX Runtime, on
// the same samples, 8 random ones or N test samples of a data set; then exported in floats and quantized (ranges measured on those samples, of a data set on 500 training samples), and both
// files are run in both again. Printed: the largest difference of scores, relative to the largest score;
// predictions that agree; the operators of the quantized file after ONNX Runtime's optimisations; times of
// one sample on one thread.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/seed.hpp"
#include "data/batch.hpp"
#include "data/dataset.hpp"
#include "engine/program.hpp"
#include "formats/onnx/export_model.hpp"
#include "formats/onnx/import_model.hpp"
#include "formats/onnx/inspect.hpp"
#include "onnx_peer.hpp"

namespace {

using namespace tern;
std::int64_t samples = 8;

/// Test samples, and training samples to measure ranges on; empty: random ones.
struct DataFrames {
  std::vector<float> test, training;
  std::int64_t num_training = 0;
};

std::vector<float> random_frames(std::int64_t count) {
  Rng rng(7);
  std::vector<float> frames(static_cast<std::size_t>(count));
  for (float& value : frames) value = static_cast<float>(rng.uniform());
  return frames;
}

std::vector<float> in_engine(const pack::PackedModel& model, const std::vector<float>& frames,
                             onnx::Ranges* ranges = nullptr, std::int64_t n = samples) {
  engine::Options options;
  options.fuse = ranges == nullptr;
  options.measure = false;
  const auto program = engine::Program::from(model, options);
  if (!program) throw std::runtime_error(program.error().message);
  engine::Observer observer;
  if (ranges)
    observer = [ranges](std::string_view node, std::span<const float> values, const net::Shape&) {
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      (*ranges)[std::string(node)] = {*low, *high};
    };
  auto scores = program->run(frames, 1, n, observer);
  if (!scores) throw std::runtime_error(scores.error().message);
  return *scores;
}

net::Shape batched(net::Shape shape) {
  shape.insert(shape.begin(), 1);
  return shape;
}

/// Sample by sample: files may fix their batch to one. NHWC inputs are reordered.
std::vector<float> in_peer(const bench::OnnxPeer::Session& session, const pack::PackedModel& model,
                           const std::vector<float>& frames, bool is_nhwc) {
  const net::Shape& shape = model.net.type("input").shape;
  net::Shape src_shape = shape;
  const std::int64_t size = net::num_elements(shape),
                     classes = net::num_elements(model.net.type(model.net.output().name).shape);
  std::vector<float> all;
  for (std::int64_t i = 0; i < samples; ++i) {
    std::vector<float> src(frames.begin() + i * size, frames.begin() + (i + 1) * size),
        dst(static_cast<std::size_t>(classes));
    if (is_nhwc) {
      src_shape = {shape[1], shape[2], shape[0]};
      for (std::int64_t c = 0; c < shape[0]; ++c)
        for (std::int64_t p = 0; p < shape[1] * shape[2]; ++p)
          src[static_cast<std::size_t>(p * shape[0] + c)] =
              frames[static_cast<std::size_t>(i * size + c * shape[1] * shape[2] + p)];
    }
    session.run(batched(src_shape), src, batched(model.net.type(model.net.output().name).shape), dst);
    all.insert(all.end(), dst.begin(), dst.end());
  }
  return all;
}

double microseconds(const bench::OnnxPeer::Session& session, const pack::PackedModel& model) {
  const net::Shape shape = model.net.type("input").shape,
                   scores = model.net.type(model.net.output().name).shape;
  std::vector<float> src(static_cast<std::size_t>(net::num_elements(shape)), 0.5F),
      dst(static_cast<std::size_t>(net::num_elements(scores)));
  double best = 1e30;
  for (int i = 0; i < 200; ++i) {
    const auto start = std::chrono::steady_clock::now();
    session.run(batched(shape), src, batched(scores), dst);
    best = std::min(
        best, std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

void compare(const std::string& what, const std::vector<float>& a, const std::vector<float>& b) {
  float largest = 0, distance = 0;
  const std::size_t classes = a.size() / samples;
  int agree = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(a[i])), distance = std::max(distance, std::abs(a[i] - b[i]));
  for (std::size_t i = 0; i < a.size(); i += classes)
    agree += std::max_element(a.begin() + i, a.begin() + i + classes) - a.begin() ==
             std::max_element(b.begin() + i, b.begin() + i + classes) - b.begin();
  fmt::print("  {:<44} largest difference {:.2e} of {:.3g}; {} of {} predictions agree\n", what,
             distance / largest, largest, agree, samples);
}

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

void run_model(const bench::OnnxPeer& peer, const std::filesystem::path& path,
               const std::filesystem::path& folder, const std::string& output, const DataFrames& data) {
  fmt::print("{}\n", path.filename().string());
  const bool is_onnx = path.extension() == ".onnx";
  onnx::ImportOptions options;
  options.output = output;
  const pack::PackedModel model = is_onnx ? onnx::read_model(path, options) : pack::read_model(path);
  const std::vector<float> frames =
      data.test.empty() ? random_frames(samples * net::num_elements(model.net.type("input").shape)) : data.test;
  onnx::Ranges ranges;
  const std::vector<float> ours = in_engine(model, frames, &ranges);
  if (!data.training.empty()) {
    ranges.clear();
    in_engine(model, data.training, &ranges, data.num_training);
  }
  compare("engine, fused against node by node", in_engine(model, frames), ours);
  if (is_onnx && output.empty() && model.net.type("input").shape.size() == 3 &&
      model.net.type("input").shape[0] != 1) {
    const auto session = peer.open(path, model.metadata.at("onnx.input"), model.metadata.at("onnx.output"));
    compare("engine against ONNX Runtime, this file", ours,
            in_peer(session, model, frames, model.metadata.contains("onnx.input_layout")));
  }
  for (const bool quantized : {false, true}) {
    const std::string kind = quantized ? "qdq" : "float";
    const auto file = folder / (path.stem().string() + "." + kind + ".onnx"),
               optimized = folder / (path.stem().string() + "." + kind + ".optimized.onnx");
    onnx::write_model(file, model, {quantized ? onnx::ExportForm::qdq : onnx::ExportForm::floats, ranges});
    const pack::PackedModel back = onnx::read_model(file);
    const std::vector<float> ours_back = in_engine(back, frames);
    const auto session = peer.open(file, "input", back.metadata.at("onnx.output"), optimized);
    const std::vector<float> theirs = in_peer(session, back, frames, false);
    compare(kind + " export: engine against the model", ours_back, ours);
    compare(kind + " export: engine against ONNX Runtime", ours_back, theirs);
    fmt::print("  {} export: {:.0f} us in ONNX Runtime; operators:", kind, microseconds(session, back));
    for (const auto& [op, count] : onnx::count_operators(text_of(optimized)))
      fmt::print(" {} x {}", count, op);
    fmt::print("\n");
  }
}

/// `count` samples spread over a split.
std::vector<float> gathered(const data::FrameDataset& set, const data::Split& split, std::int64_t count) {
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < count; ++i) indices.push_back(i * split.size() / count);
  std::vector<float> frames(static_cast<std::size_t>(count * set.sample_size()));
  data::gather(set, split, indices, frames.data());
  return frames;
}

/// Sets `samples` to what there is.
DataFrames read_frames(const data::DataOptions& options) {
  const data::FrameDataset set = data::load_data_set(options, {});
  samples = std::min(samples, set.test.size());
  DataFrames frames;
  frames.num_training = std::min<std::int64_t>(500, set.train.size());
  frames.test = gathered(set, set.test, samples);
  frames.training = gathered(set, set.train, frames.num_training);
  return frames;
}

}  // namespace

int main(int argc, char** argv) {
  std::string library, output;
  std::filesystem::path folder = std::filesystem::temp_directory_path();
  std::vector<std::filesystem::path> models;
  data::DataOptions data_options;
  data_options.name.clear();
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--onnxruntime" && i + 1 < argc)
      library = argv[++i];
    else if (word == "--folder" && i + 1 < argc)
      folder = argv[++i];
    else if (word == "--output" && i + 1 < argc)
      output = argv[++i];
    else if (word == "--data" && i + 1 < argc)
      data_options.name = argv[++i];
    else if (word == "--path" && i + 1 < argc)
      data_options.path = argv[++i];
    else if (word == "--samples" && i + 1 < argc)
      samples = std::atoll(argv[++i]);
    else
      models.emplace_back(word);
  }
  if (library.empty() || models.empty()) {
    fmt::print("skipped: needs --onnxruntime LIBRARY and models\n");
    return 0;
  }
  try {
    const bench::OnnxPeer peer(library);
    fmt::print("ONNX Runtime {}\n", peer.version());
    const DataFrames data = data_options.name.empty() ? DataFrames{} : read_frames(data_options);
    for (const auto& model : models) run_model(peer, model, folder, output, data);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
