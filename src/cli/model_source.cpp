#include "cli/model_source.hpp"

#include <filesystem>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "learn/packed.hpp"
#include "learn/torch.hpp"
#include "train/checkpoint.hpp"
#include "zoo/architecture.hpp"

namespace tern::cli {

ModelSource read_model_source(const std::string& text) {
  std::filesystem::path path(text);
  if (std::filesystem::is_directory(path)) path /= "checkpoint.safetensors";
  const std::string extension = path.extension().string();
  if (extension == ".json") return {net::from_json(read_file(path), path.string()), std::nullopt, "net"};
  if (extension == ".safetensors") {
    learn::Model model = train::load_model(path);
    net::Net net = model.net();
    return {std::move(net), std::move(model), "checkpoint"};
  }
  if (extension == ".tern") {
    const pack::PackedModel packed = pack::read_model(path);
    return {packed.net, learn::from_packed(packed, true), "packed model", packed};
  }
  return {zoo::find_architecture(text, "model").build({}), std::nullopt, "architecture"};
}

}  // namespace tern::cli
