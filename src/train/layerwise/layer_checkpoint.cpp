#include "train/layerwise/layer_checkpoint.hpp"

#include "base/error.hpp"
#include "learn/tensor_io.hpp"
#include "learn/torch.hpp"
#include "pack/safetensors.hpp"

namespace tern::train {
namespace {

const std::string format_name = "tern.layerwise.1";

std::string key(const char* name, std::size_t layer) {
  return fmt::format("{}/{}", name, layer + 1);
}

void store_run(pack::SafeTensors& file, const LayerRunState& run) {
  for (std::size_t layer = 0; layer < run.weights.size(); ++layer) {
    const auto& losses = run.history.losses[layer];
    file.tensors[key("weight", layer)] = learn::to_stored(run.weights[layer]);
    file.tensors[key("losses", layer)] =
        pack::make_tensor({static_cast<std::int64_t>(losses.size())}, losses);
    file.tensors[key("seconds", layer)] = pack::make_tensor(
        {2}, std::vector<double>{run.times[layer].seconds, run.times[layer].propagation_seconds});
  }
  if (run.weights.empty()) return;
  file.tensors["theta"] = learn::to_stored(run.theta);
  file.tensors["theta@first"] = learn::to_stored(run.theta_moments.first);
  file.tensors["theta@second"] = learn::to_stored(run.theta_moments.second);
  file.tensors["theta@steps"] = pack::make_scalar(run.theta_moments.steps);
}

template <typename T>
std::vector<T> values_at(const pack::SafeTensors& file, const std::string& name, const std::string& place) {
  return pack::values_of<T>(pack::find_tensor(file, name, place), place + ": " + name);
}

template <typename T>
T first_of(const std::vector<T>& values, const std::string& place) {
  if (values.empty()) fail(ErrorKind::bad_data, place, "a value is missing");
  return values.front();
}

LayerRunState restored_run(const pack::SafeTensors& file, const std::string& place) {
  LayerRunState run;
  for (std::size_t layer = 0; file.tensors.count(key("weight", layer)) > 0; ++layer) {
    run.weights.push_back(learn::from_stored(file.tensors.at(key("weight", layer))));
    run.history.losses.push_back(values_at<double>(file, key("losses", layer), place));
    const std::vector<double> seconds = values_at<double>(file, key("seconds", layer), place);
    if (seconds.size() != 2 || run.weights.back().dim() != 2 || run.history.losses.back().empty())
      fail(ErrorKind::bad_data, place, "layer {} is not complete", layer + 1);
    run.times.push_back({seconds[0], seconds[1]});
  }
  if (run.weights.empty()) return run;
  run.theta = learn::from_stored(pack::find_tensor(file, "theta", place));
  run.theta_moments.first = at::empty_like(run.theta);
  run.theta_moments.second = at::empty_like(run.theta);
  learn::copy_stored(pack::find_tensor(file, "theta@first", place), run.theta_moments.first, place);
  learn::copy_stored(pack::find_tensor(file, "theta@second", place), run.theta_moments.second, place);
  run.theta_moments.steps = first_of(values_at<std::int64_t>(file, "theta@steps", place), place);
  return run;
}

}  // namespace

void save_layer_checkpoint(const std::filesystem::path& path, const LayerCheckpoint& checkpoint) {
  pack::SafeTensors file;
  file.metadata["tern.format"] = format_name;
  file.metadata["fingerprint"] = checkpoint.fingerprint;
  store_run(file, checkpoint.run);
  for (const auto& [name, tensor] : checkpoint.controller)
    file.tensors["controller/" + name] = learn::to_stored(tensor);
  const ControllerTraining& training = checkpoint.controller_training;
  const auto rounds = static_cast<std::int64_t>(training.costs.size());
  file.tensors["rounds/costs"] = pack::make_tensor({rounds}, training.costs);
  file.tensors["rounds/epochs"] =
      pack::make_tensor({rounds}, std::vector<std::int64_t>(training.epochs.begin(), training.epochs.end()));
  file.tensors["rounds/figures"] =
      pack::make_tensor({2}, std::vector<double>{training.mean_stop_probability, training.seconds});
  pack::write_safetensors(path, file);
}

std::optional<LayerCheckpoint> load_layer_checkpoint(const std::filesystem::path& path,
                                                     const std::string& fingerprint) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const std::string place = path.string();
  const pack::SafeTensors file = pack::read_safetensors(path);
  const auto text = [&](const char* name) {
    const auto found = file.metadata.find(name);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (text("tern.format") != format_name)
    fail(ErrorKind::bad_data, place, "not a checkpoint of this version ({})", format_name);
  LayerCheckpoint out;
  out.fingerprint = text("fingerprint");
  if (out.fingerprint != fingerprint)
    fail(ErrorKind::usage, place,
         "the run was started with other settings; choose another folder or remove it");
  out.run = restored_run(file, place);
  const std::string prefix = "controller/";
  for (auto entry = file.tensors.lower_bound(prefix);
       entry != file.tensors.end() && entry->first.starts_with(prefix); ++entry)
    out.controller[entry->first.substr(prefix.size())] = learn::from_stored(entry->second);
  out.controller_training.costs = values_at<double>(file, "rounds/costs", place);
  for (const std::int64_t epochs : values_at<std::int64_t>(file, "rounds/epochs", place))
    out.controller_training.epochs.push_back(static_cast<int>(epochs));
  const std::vector<double> figures = values_at<double>(file, "rounds/figures", place);
  if (figures.size() != 2) fail(ErrorKind::bad_data, place, "figures of the controller are missing");
  out.controller_training.mean_stop_probability = figures[0];
  out.controller_training.seconds = figures[1];
  return out;
}

}  // namespace tern::train
