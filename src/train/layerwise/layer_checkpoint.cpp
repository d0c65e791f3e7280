#include "train/layerwise/layer_checkpoint.hpp"

#include "base/error.hpp"
#include "learn/tensor_io.hpp"
#include "learn/torch.hpp"
#include "pack/safetensors.hpp"

namespace tern::train {
namespace {

const std::string format_name = "tern.layerwise.2";

std::string key(const char* name, std::size_t layer) {
  return fmt::format("{}/{}", name, layer + 1);
}

std::vector<double> numbers_of(const std::vector<EpochScores>& scores) {
  std::vector<double> out;
  for (const EpochScores& s : scores) out.insert(out.end(), {s.validation, s.validation_loss, s.test});
  return out;
}

std::vector<EpochScores> scores_of(const std::vector<double>& numbers) {
  std::vector<EpochScores> out;
  for (std::size_t i = 0; i + 2 < numbers.size(); i += 3)
    out.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  return out;
}

pack::Tensor numbers(const std::vector<double>& values) {
  return pack::make_tensor({static_cast<std::int64_t>(values.size())}, values);
}

void store_moments(pack::SafeTensors& file, const std::string& name, const Adam& moments) {
  if (!moments.first.defined()) return;
  file.tensors[name + "@first"] = learn::to_stored(moments.first);
  file.tensors[name + "@second"] = learn::to_stored(moments.second);
  file.tensors[name + "@steps"] = pack::make_scalar(moments.steps);
}

void store_open(pack::SafeTensors& file, const OpenLayer& open) {
  file.tensors["open/weight"] = learn::to_stored(open.classifier.weight);
  file.tensors["open/theta"] = learn::to_stored(open.classifier.theta);
  store_moments(file, "open/weight", open.classifier.weight_moments);
  store_moments(file, "open/theta", open.classifier.theta_moments);
  file.tensors["open/losses"] = numbers(open.losses);
  file.tensors["open/scores"] = numbers(numbers_of(open.scores));
  file.tensors["open/batch"] = pack::make_scalar(open.batch);
  file.tensors["open/figures"] = numbers({open.loss_sum, open.times.seconds, open.times.propagation_seconds});
}

void store_run(pack::SafeTensors& file, const LayerRunState& run) {
  for (std::size_t layer = 0; layer < run.weights.size(); ++layer) {
    const auto& losses = run.history.losses[layer];
    file.tensors[key("weight", layer)] = learn::to_stored(run.weights[layer]);
    file.tensors[key("losses", layer)] = numbers(losses);
    if (layer < run.history.scores.size())
      file.tensors[key("scores", layer)] = numbers(numbers_of(run.history.scores[layer]));
    file.tensors[key("seconds", layer)] = pack::make_tensor(
        {2}, std::vector<double>{run.times[layer].seconds, run.times[layer].propagation_seconds});
  }
  if (run.open) store_open(file, *run.open);
  if (run.weights.empty()) return;
  file.tensors["theta"] = learn::to_stored(run.theta);
  store_moments(file, "theta", run.theta_moments);
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

Adam restored_moments(const pack::SafeTensors& file, const std::string& name, const at::Tensor& like,
                      const std::string& place) {
  Adam out;
  if (file.tensors.count(name + "@first") == 0) return out;  // stopped before the first step
  out.first = at::empty_like(like);
  out.second = at::empty_like(like);
  learn::copy_stored(pack::find_tensor(file, name + "@first", place), out.first, place);
  learn::copy_stored(pack::find_tensor(file, name + "@second", place), out.second, place);
  out.steps = first_of(values_at<std::int64_t>(file, name + "@steps", place), place);
  return out;
}

OpenLayer restored_open(const pack::SafeTensors& file, const std::string& place) {
  OpenLayer open;
  open.classifier.weight = learn::from_stored(pack::find_tensor(file, "open/weight", place));
  open.classifier.theta = learn::from_stored(pack::find_tensor(file, "open/theta", place));
  open.classifier.weight_moments = restored_moments(file, "open/weight", open.classifier.weight, place);
  open.classifier.theta_moments = restored_moments(file, "open/theta", open.classifier.theta, place);
  open.losses = values_at<double>(file, "open/losses", place);
  open.scores = scores_of(values_at<double>(file, "open/scores", place));
  open.batch = first_of(values_at<std::int64_t>(file, "open/batch", place), place);
  const std::vector<double> figures = values_at<double>(file, "open/figures", place);
  if (figures.size() != 3 || open.classifier.weight.dim() != 2 || open.classifier.theta.dim() != 2 ||
      open.batch < 0)
    fail(ErrorKind::bad_data, place, "the open layer is not complete");
  open.loss_sum = figures[0];
  open.times = {figures[1], figures[2]};
  return open;
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
    if (file.tensors.count(key("scores", layer)) > 0)
      run.history.scores.push_back(scores_of(values_at<double>(file, key("scores", layer), place)));
  }
  if (file.tensors.count("open/weight") > 0) run.open = restored_open(file, place);
  if (run.weights.empty()) return run;
  run.theta = learn::from_stored(pack::find_tensor(file, "theta", place));
  run.theta_moments = restored_moments(file, "theta", run.theta, place);
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
