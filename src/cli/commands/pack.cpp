// tern pack: a checkpoint as the file that the engine runs.
#include <filesystem>

#include "cli/command.hpp"
#include "cli/model_source.hpp"
#include "learn/packed.hpp"
#include "learn/torch.hpp"
#include "pack/model_file.hpp"

namespace tern::cli {
namespace {

int pack_model(const std::string& from, const std::string& to) {
  const ModelSource source = read_model_source(from);
  if (!source.model || source.kind != "checkpoint")
    fail(ErrorKind::usage, from, "expected a checkpoint or a run folder, got {} {}", source.kind == "architecture" ? "an" : "a",
         source.kind);
  const pack::PackedModel packed = learn::to_packed(*source.model);
  pack::write_model(to, packed);
  std::int64_t dense = 0, stored = 0;
  fmt::print("{:<24} {:>9} {:>5} {:>7} {:>16} {:>11} {:>11}\n", "tensor", "values", "bits", "zeros", "stored as", "bytes",
             "as float32");
  for (const auto& [name, tensor] : packed.tensors) {
    const pack::StoredForm form = pack::stored_form(tensor);
    const std::int64_t plain = 4 * net::num_elements(tensor.shape);
    fmt::print("{:<24} {:>9} {:>5} {:>6.1f}% {:>16} {:>11} {:>11}\n", name, plain / 4, tensor.bits,
               100 * static_cast<double>(pack::count_zeros(tensor)) / static_cast<double>(plain / 4),
               pack::describe(form), form.bytes, plain);
    dense += plain;
    stored += form.bytes;
  }
  fmt::print("{}: {} bytes in the file, {} of weights; {} as float32 ({:.1f} times smaller)\n", to,
             std::filesystem::file_size(to), stored, dense, static_cast<double>(dense) / static_cast<double>(stored));
  return 0;
}

}  // namespace

void add_pack(CLI::App& app, GlobalOptions&, std::function<int()>& action) {
  auto* command = app.add_subcommand("pack", "write a trained model as one .tern file that runs without libtorch");
  auto from = std::make_shared<std::string>(), to = std::make_shared<std::string>();
  command->add_option("CHECKPOINT", *from, "checkpoint.safetensors or a run folder")->required();
  command->add_option("-o,--output", *to, "the .tern file")->required();
  command->footer("Example:\n  tern pack runs/demo/trials/joint-w2-s0.8-seed1 -o model.tern");
  command->callback([&action, from, to] { action = [from, to] { return pack_model(*from, *to); }; });
}

}  // namespace tern::cli
