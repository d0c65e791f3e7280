// tern import: an ONNX model as the file that the engine runs.
#include "cli/command.hpp"
#include "formats/onnx/import_model.hpp"
#include "pack/model_file.hpp"

namespace tern::cli {
namespace {

struct ImportArguments {
  std::string from, to;
  onnx::ImportOptions options;
};

int import_model(const ImportArguments& a) {
  const pack::PackedModel model = onnx::read_model(a.from, a.options);
  pack::write_model(a.to, model);
  const net::NetTotals totals = net::totals(model.net);
  fmt::print("{}: {} operations, {} weights, {} MACs; {} to {}\n", a.to, model.net.nodes().size() - 1,
             totals.weights, totals.macs_per_step, net::to_string(model.net.type(model.net.input().name)),
             net::to_string(model.net.type(model.net.output().name)));
  return 0;
}

}  // namespace

void add_import(CLI::App& app, GlobalOptions&, std::function<int()>& action) {
  auto* command =
      app.add_subcommand("import", "read an ONNX model, floats or quantized, and write it as a .tern file");
  auto a = std::make_shared<ImportArguments>();
  command->add_option("MODEL", a->from, "an .onnx file of opset 7 to 21 (docs/ONNX.md lists its operators)")
      ->required();
  command->add_option("-o,--output", a->to, "the .tern file")->required();
  command->add_option("--tensor", a->options.output, "tensor to end at, where the graph has several outputs");
  command
      ->add_option("--input-shape", a->options.input_shape,
                   "one sample, where the file leaves it open: 3,224,224")
      ->delimiter(',');
  command
      ->add_option("--mean", a->options.mean,
                   "of each channel of pixels in 0..1, where the model expects them taken off")
      ->delimiter(',');
  command->add_option("--std", a->options.std, "of each channel, with --mean")->delimiter(',');
  command->footer(
      "Examples:\n  tern import model.onnx -o model.tern\n"
      "  tern import resnet20.onnx --mean 0.4914,0.4822,0.4465 --std 0.2023,0.1994,0.2010 -o resnet20.tern\n"
      "  tern run resnet20.tern --data cifar10-jpg --path cifar10-jpg");
  command->callback([&action, a] { action = [a] { return import_model(*a); }; });
}

}  // namespace tern::cli
