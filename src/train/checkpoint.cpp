#include "train/checkpoint.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "compress/quantize/quantizer.hpp"
#include "learn/tensor_io.hpp"
#include "learn/torch.hpp"
#include "pack/safetensors.hpp"

namespace tern::train {
namespace {

using Json = nlohmann::json;
const std::string format_name = "tern.checkpoint.1";

Json to_json(const CheckpointInfo& info) {
  const Position& p = info.position;
  Json history = Json::array();
  for (const auto& e : info.history)
    history.push_back({e.epoch, e.train_loss, e.train_accuracy, e.validation_accuracy, e.learning_rate, e.seconds});
  return {{"phase", p.phase},     {"epoch", p.epoch},     {"batch", p.batch},       {"loss_sum", p.loss_sum},
          {"correct", p.correct}, {"seen", p.seen},       {"seconds", p.seconds},   {"history", history},
          {"fingerprint", info.fingerprint}, {"finished", info.finished}};
}

CheckpointInfo info_from_json(const Json& json) {
  CheckpointInfo info;
  info.position = {json.at("phase"), json.at("epoch"), json.at("batch"), json.at("loss_sum"),
                   json.at("correct"), json.at("seen"), json.at("seconds")};
  for (const auto& e : json.at("history"))
    info.history.push_back({e.at(0), e.at(1), e.at(2), e.at(3), e.at(4), e.at(5)});
  info.fingerprint = json.at("fingerprint");
  info.finished = json.at("finished");
  return info;
}

pack::SafeTensors read_file_of(const std::filesystem::path& path) {
  pack::SafeTensors file = pack::read_safetensors(path);
  const auto format = file.metadata.find("tern.format");
  if (format == file.metadata.end() || format->second != format_name)
    fail(ErrorKind::bad_data, path.string(), "not a checkpoint of this version ({})", format_name);
  for (const char* key : {"tern.net", "tern.info"})
    if (!file.metadata.count(key)) fail(ErrorKind::bad_data, path.string(), "'{}' is missing", key);
  return file;
}

void restore_parameter(const pack::SafeTensors& file, const std::string& name, learn::Parameter& parameter,
                       const std::string& place) {
  learn::copy_stored(pack::find_tensor(file, "latent/" + name, place), parameter.latent, place + ": " + name);
  parameter.mask = at::Tensor();
  if (const auto mask = file.tensors.find("mask/" + name); mask != file.tensors.end()) {
    parameter.mask = at::empty_like(parameter.latent).detach();
    learn::copy_stored(mask->second, parameter.mask, place + ": mask of " + name);
  }
  parameter.quantizer = nullptr;
  const auto spec = file.metadata.find("quantizer/" + name);
  if (spec == file.metadata.end()) return;
  parameter.quantizer = compress::make_quantizer_from_spec(spec->second, parameter.latent.detach());
  for (auto& [tensor_name, tensor] : parameter.quantizer->tensors()) {
    at::Tensor target = tensor;
    learn::copy_stored(pack::find_tensor(file, "quantizer/" + name + "/" + tensor_name, place), target, place);
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const learn::Model& model, const Optimizer* optimizer,
                     const CheckpointInfo& info) {
  pack::SafeTensors file;
  file.metadata["tern.format"] = format_name;
  file.metadata["tern.net"] = net::to_json(model.net(), -1);
  file.metadata["tern.info"] = to_json(info).dump();
  for (const auto& [name, parameter] : model.parameters()) {
    file.tensors["latent/" + name] = learn::to_stored(parameter.latent);
    if (parameter.mask.defined()) file.tensors["mask/" + name] = learn::to_stored(parameter.mask);
    if (!parameter.quantizer) continue;
    file.metadata["quantizer/" + name] = parameter.quantizer->spec();
    for (const auto& [tensor_name, tensor] : parameter.quantizer->tensors())
      file.tensors["quantizer/" + name + "/" + tensor_name] = learn::to_stored(tensor);
  }
  if (optimizer) {
    for (const auto& [name, tensor] : optimizer->state()) file.tensors["optimizer/" + name] = learn::to_stored(tensor);
    file.tensors["optimizer_steps"] = pack::make_scalar(optimizer->steps());
  }
  pack::write_safetensors(path, file);
}

CheckpointInfo load_checkpoint(const std::filesystem::path& path, learn::Model& model,
                               const std::string& fingerprint) {
  const pack::SafeTensors file = read_file_of(path);
  const std::string place = path.string();
  if (file.metadata.at("tern.net") != net::to_json(model.net(), -1))
    fail(ErrorKind::bad_data, place, "it holds another network than '{}'", model.net().name());
  try {
    const CheckpointInfo info = info_from_json(Json::parse(file.metadata.at("tern.info")));
    if (!fingerprint.empty() && info.fingerprint != fingerprint)
      fail(ErrorKind::usage, place, "the run was started with other settings; choose another run folder or remove it");
    for (auto& [name, parameter] : model.parameters()) restore_parameter(file, name, parameter, place);
    return info;
  } catch (const Json::exception& error) {
    fail(ErrorKind::bad_data, place, "corrupt: {}", error.what());
  }
}

void load_optimizer(const std::filesystem::path& path, Optimizer& optimizer) {
  const pack::SafeTensors file = read_file_of(path);
  const std::string place = path.string();
  std::map<std::string, at::Tensor> state = optimizer.state();
  for (auto& [name, tensor] : state) {
    tensor = at::empty_like(tensor);
    learn::copy_stored(pack::find_tensor(file, "optimizer/" + name, place), tensor, place + ": optimizer");
  }
  at::Tensor steps = at::zeros({}, at::kLong);
  learn::copy_stored(pack::find_tensor(file, "optimizer_steps", place), steps, place);
  optimizer.restore(state, steps.item<std::int64_t>());
}

net::Net checkpoint_net(const std::filesystem::path& path) {
  return net::from_json(read_file_of(path).metadata.at("tern.net"), path.string());
}

learn::Model load_model(const std::filesystem::path& path) {
  learn::Model model(checkpoint_net(path), 0);
  load_checkpoint(path, model);
  return model;
}

}  // namespace tern::train
