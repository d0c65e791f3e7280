// tern pack: a checkpoint as the file that the engine runs.
#include <filesystem>

#include "cli/command.hpp"
#include "cli/model_source.hpp"
#include "cli/storage_table.hpp"
#include "learn/packed.hpp"
#include "learn/torch.hpp"
#include "pack/model_file.hpp"

namespace tern::cli {
namespace {

int pack_model(const std::string& from, const std::string& to, pack::PackOptions options) {
  const ModelSource source = read_model_source(from);
  if (!source.model || source.kind != "checkpoint")
    fail(ErrorKind::usage, from, "expected a checkpoint or a run folder, got {} {}", source.kind == "architecture" ? "an" : "a",
         source.kind);
  const pack::PackedModel packed = learn::to_packed(*source.model);
  pack::write_model(to, packed, options);
  std::int64_t stored = 0, plain = 0;
  for (const auto& [name, tensor] : packed.tensors) {
    stored += pack::stored_form(tensor, options).bytes;
    plain += 4 * net::num_elements(tensor.shape);
  }
  fmt::print("{}", storage_table(packed, options));
  fmt::print("{}: {} bytes in the file, {} of tensors; {} as float32 ({:.1f} times smaller)\n", to,
             std::filesystem::file_size(to), stored, plain, static_cast<double>(plain) / static_cast<double>(stored));
  return 0;
}

}  // namespace

void add_pack(CLI::App& app, GlobalOptions&, std::function<int()>& action) {
  auto* command = app.add_subcommand("pack", "write a trained model as one .tern file that runs without libtorch");
  auto from = std::make_shared<std::string>(), to = std::make_shared<std::string>();
  command->add_option("CHECKPOINT", *from, "checkpoint.safetensors or a run folder")->required();
  command->add_option("-o,--output", *to, "the .tern file")->required();
  auto raw = std::make_shared<bool>(false);
  command->add_flag("--no-entropy", *raw, "store codes without Huffman or range ANS coding");
  command->footer("Example:\n  tern pack runs/demo/trials/joint-w2-s0.8-seed1 -o model.tern");
  command->callback([&action, from, to, raw] {
    action = [from, to, raw] { return pack_model(*from, *to, {.entropy_coding = !*raw}); };
  });
}

}  // namespace tern::cli
