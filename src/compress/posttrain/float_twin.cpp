#include "compress/posttrain/float_twin.hpp"

#include "compress/model_builder.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr const char* reference_key = "posttrain.reference";
constexpr const char* sealed_key = "posttrain.sealed";

/// The stored reference where the latent is still what post-training left; else undefined.
at::Tensor stored_reference(const learn::Parameter& parameter) {
  const auto reference = parameter.state.find(reference_key), sealed = parameter.state.find(sealed_key);
  if (reference == parameter.state.end() || sealed == parameter.state.end()) return {};
  return at::equal(sealed->second, parameter.latent.detach()) ? reference->second : at::Tensor();
}

}  // namespace

learn::Model float_twin(const learn::Model& model) {
  const c10::NoGradGuard no_grad;
  ModelBuilder builder(model);
  for (const auto& node : model.net().nodes())
    node.op == "quantize" ? builder.redirect(node.name, node.inputs[0]) : builder.keep(node);
  learn::Model twin = builder.finish();
  for (auto& [name, parameter] : twin.parameters()) {
    const at::Tensor reference = stored_reference(parameter);
    parameter.latent = (reference.defined() ? reference : parameter.masked()).clone();
    parameter.mask = parameter.backward_mask = parameter.override_value = at::Tensor();
    parameter.gate = nullptr;
    parameter.quantizer = nullptr;
    for (const char* key : {reference_key, sealed_key}) parameter.state.erase(key);
  }
  return twin;
}

void keep_reference(learn::Parameter& parameter) {
  if (!stored_reference(parameter).defined()) parameter.state[reference_key] = parameter.masked().clone();
}

void seal_reference(learn::Parameter& parameter) {
  parameter.state[sealed_key] = parameter.latent.detach().clone();
}

double output_divergence(learn::Model& twin, learn::Model& model, const Samples& samples) {
  const c10::NoGradGuard no_grad;
  double sum = 0, count = 0;
  for (const auto& batch : samples) {
    const at::Tensor expected = run(twin, batch).flatten(1).log_softmax(1);
    const at::Tensor got = run(model, batch).flatten(1).log_softmax(1);
    sum += (expected.exp() * (expected - got)).sum().item<double>();
    count += static_cast<double>(expected.size(0));
  }
  return sum / count;
}

}  // namespace tern::compress
