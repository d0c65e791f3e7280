#include "train/checkpoint.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "compress/prune/dynamics/gate.hpp"
#include "compress/quantize/activation_quantizer.hpp"
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
    history.push_back({e.epoch, e.train_loss, e.train_accuracy, e.validation_accuracy, e.learning_rate, e.seconds,
                       std::isfinite(e.test_accuracy) ? Json(e.test_accuracy) : Json(),
                       std::isfinite(e.validation_loss) ? Json(e.validation_loss) : Json()});
  return {{"phase", p.phase},     {"epoch", p.epoch},     {"batch", p.batch},       {"loss_sum", p.loss_sum},
          {"correct", p.correct}, {"seen", p.seen},       {"seconds", p.seconds},   {"history", history},
          {"fingerprint", info.fingerprint}, {"finished", info.finished}};
}

CheckpointInfo info_from_json(const Json& json) {
  CheckpointInfo info;
  info.position = {json.at("phase"), json.at("epoch"), json.at("batch"), json.at("loss_sum"),
                   json.at("correct"), json.at("seen"), json.at("seconds")};
  for (const auto& e : json.at("history")) {
    info.history.push_back({e.at(0), e.at(1), e.at(2), e.at(3), e.at(4), e.at(5)});
    if (e.size() > 6 && e.at(6).is_number()) info.history.back().test_accuracy = e.at(6);
    if (e.size() > 7 && e.at(7).is_number()) info.history.back().validation_loss = e.at(7);
  }
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

void restore_tensors(const pack::SafeTensors& file, const std::string& name,
                     const std::map<std::string, at::Tensor>& tensors, const std::string& place) {
  for (const auto& [tensor_name, tensor] : tensors) {
    at::Tensor target = tensor;
    learn::copy_stored(pack::find_tensor(file, name + "/" + tensor_name, place), target, place);
  }
}

void restore_parameter(const pack::SafeTensors& file, const std::string& name, learn::Parameter& parameter,
                       const std::string& place) {
  learn::copy_stored(pack::find_tensor(file, "latent/" + name, place), parameter.latent, place + ": " + name);
  parameter.mask = at::Tensor();
  if (const auto mask = file.tensors.find("mask/" + name); mask != file.tensors.end()) {
    parameter.mask = at::empty_like(parameter.latent).detach();
    learn::copy_stored(mask->second, parameter.mask, place + ": mask of " + name);
  }
  parameter.backward_mask = at::Tensor();
  if (const auto mask = file.tensors.find("backward_mask/" + name); mask != file.tensors.end()) {
    parameter.backward_mask = at::empty_like(parameter.latent).detach();
    learn::copy_stored(mask->second, parameter.backward_mask, place + ": backward mask of " + name);
  }
  parameter.state.clear();
  const std::string prefix = "state/" + name + "/";
  for (auto entry = file.tensors.lower_bound(prefix); entry != file.tensors.end() && entry->first.starts_with(prefix); ++entry)
    parameter.state[entry->first.substr(prefix.size())] = learn::from_stored(entry->second);
  parameter.quantizer = nullptr;
  parameter.gate = nullptr;
  if (const auto spec = file.metadata.find("quantizer/" + name); spec != file.metadata.end()) {
    parameter.quantizer = compress::make_quantizer_from_spec(spec->second, parameter.latent.detach());
    restore_tensors(file, "quantizer/" + name, parameter.quantizer->tensors(), place);
  }
  if (const auto spec = file.metadata.find("gate/" + name); spec != file.metadata.end()) {
    parameter.gate = compress::make_gate_from_spec(spec->second, parameter.latent.detach());
    restore_tensors(file, "gate/" + name, parameter.gate->tensors(), place);
  }
}

void restore_activations(const pack::SafeTensors& file, learn::Model& model, const std::string& place) {
  model.activation_quantizers().clear();
  const std::string prefix = "activation/";
  for (auto spec = file.metadata.lower_bound(prefix); spec != file.metadata.end() && spec->first.starts_with(prefix); ++spec) {
    const auto quantizer = compress::make_activation_quantizer_from_spec(spec->second);
    restore_tensors(file, spec->first, quantizer->tensors(), place);
    model.activation_quantizers()[spec->first.substr(prefix.size())] = quantizer;
  }
}

template <typename Method>
void store_method(pack::SafeTensors& file, const std::string& name, Method& method) {
  file.metadata[name] = method.spec();
  for (const auto& [tensor_name, tensor] : method.tensors()) file.tensors[name + "/" + tensor_name] = learn::to_stored(tensor);
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
    if (parameter.backward_mask.defined())
      file.tensors["backward_mask/" + name] = learn::to_stored(parameter.backward_mask);
    for (const auto& [key, tensor] : parameter.state) file.tensors["state/" + name + "/" + key] = learn::to_stored(tensor);
    if (parameter.quantizer) store_method(file, "quantizer/" + name, *parameter.quantizer);
    if (parameter.gate) store_method(file, "gate/" + name, *parameter.gate);
  }
  for (const auto& [node, quantizer] : model.activation_quantizers())
    if (quantizer) store_method(file, "activation/" + node, *quantizer);
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
  const bool is_same_net = file.metadata.at("tern.net") == net::to_json(model.net(), -1);
  if (!is_same_net && fingerprint.empty())
    fail(ErrorKind::bad_data, place, "it holds another network than '{}'", model.net().name());
  try {
    const CheckpointInfo info = info_from_json(Json::parse(file.metadata.at("tern.info")));
    if (!fingerprint.empty() && info.fingerprint != fingerprint)
      fail(ErrorKind::usage, place, "the run was started with other settings; choose another run folder or remove it");
    if (!is_same_net) model = learn::Model(net::from_json(file.metadata.at("tern.net"), place), 0);  // a plan rewrote it
    for (auto& [name, parameter] : model.parameters()) restore_parameter(file, name, parameter, place);
    restore_activations(file, model, place);
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
