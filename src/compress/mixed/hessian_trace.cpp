#include "compress/mixed/hessian_trace.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "compress/prune/criteria/hessian_vector.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

Tensors draw_signs(const learn::Model& model, const std::vector<std::string>& names, at::Generator& generator) {
  Tensors signs;
  for (const auto& name : names) {
    const learn::Parameter& parameter = model.parameters().at(name);
    const at::Tensor draw = at::empty(parameter.latent.sizes(), at::kFloat).bernoulli_(0.5, generator) * 2 - 1;
    signs[name] = parameter.mask.defined() ? draw * parameter.mask : draw;
  }
  return signs;
}

TraceEstimate summarize(const std::vector<double>& draws) {
  const auto n = static_cast<double>(draws.size());
  double mean = 0, squares = 0;
  for (const double draw : draws) mean += draw / n;
  for (const double draw : draws) squares += (draw - mean) * (draw - mean);
  return {mean, draws.size() > 1 ? std::sqrt(squares / (n - 1) / n) : 0.0};
}

}  // namespace

std::map<std::string, TraceEstimate> hessian_traces(learn::Model& model, const std::vector<std::string>& names,
                                                    const Samples& samples, learn::Loss loss, int probes,
                                                    std::uint64_t seed) {
  if (samples.empty()) fail(ErrorKind::usage, "plan", "traces of the Hessian need data");
  at::Generator generator = learn::make_generator(derive_seed(seed, "hessian-trace"));
  const int batches = static_cast<int>(samples.size()), draws_of_batch = (probes + batches - 1) / batches;
  std::map<std::string, std::vector<double>> draws;
  for (const auto& batch : samples)
    for (int i = 0; i < draws_of_batch; ++i) {
      const Tensors signs = draw_signs(model, names, generator);
      const Tensors products = hessian_vector(model, names, {batch}, loss, signs);
      for (const auto& name : names)
        draws[name].push_back((signs.at(name) * products.at(name)).sum(at::kDouble).item<double>());
    }
  std::map<std::string, TraceEstimate> traces;
  for (const auto& [name, values] : draws) traces[name] = summarize(values);
  return traces;
}

}  // namespace tern::compress
