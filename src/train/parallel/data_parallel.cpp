#include "train/parallel/data_parallel.hpp"

#include <map>
#include <sstream>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

std::uint64_t hash_of(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().contiguous();
  std::uint64_t hash = fnv1a_64(c10::toString(values.scalar_type()));
  for (const std::int64_t extent : values.sizes())
    hash = fnv1a_64({reinterpret_cast<const char*>(&extent), sizeof extent}, hash);
  return fnv1a_64({static_cast<const char*>(values.data_ptr()), static_cast<std::size_t>(values.nbytes())},
                  hash);
}

/// Lines "HASH NAME" as hashes by name.
std::map<std::string, std::string> parse(const std::string& lines) {
  std::map<std::string, std::string> hashes;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const auto space = line.find(' ');
    hashes[line.substr(space + 1)] = line.substr(0, space);
  }
  return hashes;
}

}  // namespace

DataParallel::DataParallel(learn::Model& model, ProcessGroup* group) : model_(model), group_(group) {}

int DataParallel::rank() const {
  return group_ ? group_->rank() : 0;
}
int DataParallel::size() const {
  return group_ ? group_->size() : 1;
}

DataParallel::Named DataParallel::tensors(bool trained) const {
  Named found;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    if (tensor.defined() && (!trained || tensor.requires_grad())) found.emplace_back(name, tensor);
  };
  const auto add_all = [&](const std::string& name, const std::map<std::string, at::Tensor>& tensors) {
    for (const auto& [tensor_name, tensor] : tensors) add(name + "/" + tensor_name, tensor);
  };
  for (const auto& [name, parameter] : model_.parameters()) {
    add(name, parameter.latent);
    if (!trained) add(name + "/mask", parameter.mask);
    if (parameter.quantizer) add_all(name, parameter.quantizer->tensors());
    if (parameter.gate) add_all(name + "/gate", parameter.gate->tensors());
  }
  for (const auto& [node, quantizer] : model_.activation_quantizers())
    if (quantizer) add_all(node, quantizer->tensors());
  return found;
}

void DataParallel::check_equal_parameters() const {
  if (!is_parallel()) return;
  std::string lines;
  for (const auto& [name, tensor] : tensors(false)) lines += to_hex(hash_of(tensor)) + " " + name + "\n";
  const std::vector<std::string> all = group_->all_gather(lines);
  const std::map<std::string, std::string> first = parse(all[0]);
  for (std::size_t r = 1; r < all.size(); ++r) {
    const std::map<std::string, std::string> other = parse(all[r]);
    const auto complain = [&](const std::string& name, const char* how) {
      fail(ErrorKind::usage, name,
           "{} on rank {} and rank 0 of {}: start every rank with the same model, seed and options", how, r,
           size());
    };
    for (const auto& [name, hash] : first) {
      const auto found = other.find(name);
      if (found == other.end()) complain(name, "not the same parameters");
      if (found->second != hash) complain(name, "different values");
    }
    for (const auto& [name, hash] : other)
      if (!first.contains(name)) complain(name, "not the same parameters");
  }
}

void DataParallel::broadcast_parameters() {
  if (!is_parallel()) return;
  std::vector<at::Tensor> values;
  for (const auto& [name, tensor] : tensors(false)) values.push_back(tensor.detach());
  group_->broadcast(values, 0);
}

StepFigures DataParallel::reduce_gradients(const StepFigures& mine) {
  if (!is_parallel()) return mine;
  const c10::NoGradGuard no_grad;
  const Named trained = tensors(true);
  std::vector<at::Tensor> bucket;
  std::vector<double> figures{mine.rows, mine.loss_sum, mine.correct, mine.stop ? 1.0 : 0.0};
  for (const auto& [name, tensor] : trained) {
    const bool counts = mine.rows > 0 && tensor.grad().defined();
    bucket.push_back(counts ? tensor.grad().mul(mine.rows) : at::zeros_like(tensor));
    figures.push_back(counts ? 1.0 : 0.0);
  }
  bucket.push_back(at::tensor(figures, at::kDouble));
  group_->all_reduce_sum(bucket);
  const double* sums = bucket.back().data_ptr<double>();
  for (std::size_t i = 0; i < trained.size(); ++i) {
    at::Tensor tensor = trained[i].second;
    tensor.mutable_grad() = sums[4 + i] > 0 ? bucket[i].div_(sums[0]) : at::Tensor();
  }
  return {sums[0], sums[1], sums[2], sums[3] > 0};
}

void DataParallel::exchange(learn::Model& model, std::int64_t labelled) {
  if (&model != &model_)
    fail(ErrorKind::internal, "data parallel", "asked to exchange gradients of another model");
  reduce_gradients({static_cast<double>(labelled), 0, 0, false});
}

void DataParallel::average_buffers() {
  if (!is_parallel()) return;
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> buffers;
  for (auto& [name, parameter] : model_.parameters())
    if (parameter.role == net::ParameterRole::buffer && at::isFloatingType(parameter.latent.scalar_type()))
      buffers.push_back(parameter.latent);
  if (buffers.empty()) return;
  group_->all_reduce_sum(buffers);
  for (at::Tensor& buffer : buffers) buffer.div_(static_cast<double>(size()));
}

}  // namespace tern::train
