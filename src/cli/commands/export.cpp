// tern export: a packed model as an ONNX file, in floats or quantized.
#include <algorithm>

#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/terminal.hpp"
#include "data/batch.hpp"
#include "engine/program.hpp"
#include "formats/onnx/export_model.hpp"
#include "pack/model_file.hpp"

namespace tern::cli {
namespace {

struct ExportArguments {
  std::string from, to, form = "onnx";
  std::int64_t samples = 64, opset = 13;
};

/// The range of every node's output over training samples from all over the set, node by node in the engine.
onnx::Ranges measure_ranges(const pack::PackedModel& model, const data::DataOptions& options,
                            std::int64_t samples, bool quiet) {
  ProgressPrinter progress(quiet);
  const data::FrameDataset data = data::load_data_set(options, std::ref(progress));
  progress.clear();
  engine::Options plain;
  plain.fuse = false;
  const auto program = engine::Program::from(model, plain);
  if (!program) fail(ErrorKind::bad_data, "", "{}", program.error().message);
  const std::int64_t n = std::min(samples, data.train.size());
  std::vector<std::int64_t> indices(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i)
    indices[static_cast<std::size_t>(i)] = i * data.train.size() / n;  // of every class
  std::vector<float> frames(static_cast<std::size_t>(n * data.sample_size()));
  data::gather(data, data.train, indices, frames.data());
  onnx::Ranges ranges;
  const auto scores =
      program->run(frames, data.num_steps, n,
                   [&](std::string_view node, std::span<const float> values, const net::Shape&) {
                     const auto [low, high] = std::minmax_element(values.begin(), values.end());
                     ranges[std::string(node)] = {*low, *high};
                   });
  if (!scores) fail(ErrorKind::bad_data, "", "{}", scores.error().message);
  return ranges;
}

int export_model(const ExportArguments& a, const data::DataOptions& data_options, bool has_data, bool quiet) {
  const pack::PackedModel model = pack::read_model(a.from);
  onnx::ExportOptions options;
  options.opset = a.opset;
  if (a.form == "qdq") {
    options.form = onnx::ExportForm::qdq;
    const auto wanted = onnx::nodes_to_measure(model.net);
    if (!wanted.empty() && !has_data)
      fail(ErrorKind::usage, a.from,
           "{} nodes have no quantizer ({}): name samples with --data to measure their ranges", wanted.size(),
           fmt::join(wanted, ", "));
    if (!wanted.empty()) options.ranges = measure_ranges(model, data_options, a.samples, quiet);
  }
  onnx::write_model(a.to, model, options);
  fmt::print("{}: written\n", a.to);
  return 0;
}

}  // namespace

void add_export(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command =
      app.add_subcommand("export", "write a packed model as an ONNX file, in floats or quantized");
  auto a = std::make_shared<ExportArguments>();
  command->add_option("MODEL", a->from, "a .tern file")->required();
  command->add_option("-o,--output", a->to, "the .onnx file")->required();
  command
      ->add_option("--to", a->form,
                   "onnx: floats; qdq: 8-bit weights and activations with quantize and dequantize pairs")
      ->check(CLI::IsMember({"onnx", "qdq"}))
      ->capture_default_str();
  command->add_option("--samples", a->samples, "training samples that ranges are measured on")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command->add_option("--opset", a->opset, "13 or 21")->check(CLI::IsMember({13, 21}))->capture_default_str();
  auto data_options = add_data_options(*command);
  command->footer(
      "Examples:\n  tern export model.tern --to onnx -o model.onnx\n"
      "  tern export model.tern --to qdq --data cifar10-jpg --path cifar10-jpg -o model.onnx");
  command->callback([&, a, data_options, command] {
    const bool has_data = command->count("--data") > 0;
    action = [&globals, a, data_options, has_data] {
      return export_model(*a, *data_options, has_data, globals.quiet);
    };
  });
}

}  // namespace tern::cli
