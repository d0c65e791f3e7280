// The full-precision network behind a quantized one: what post-training methods measure against.
#pragma once

#include <string>

#include "compress/samples.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// A Model without weight quantizers, gates and `quantize` nodes, no tensor shared with `model`, node names kept. Its
/// values are the reference values where keep_reference() stored some, else the masked latents.
learn::Model float_twin(const learn::Model& model);

/// Called before a post-training method first changes `parameter`: stores its value, so that later methods aim at the
/// network as training left it and not at what an earlier method made of it.
void keep_reference(learn::Parameter& parameter);

/// Called after the change, which becomes part of what the reference belongs to: a latent that training moves
/// afterwards is its own reference again.
void seal_reference(learn::Parameter& parameter);

/// Mean over samples of KL(softmax(float scores) || softmax(scores)), in nats; both in evaluation.
double output_divergence(learn::Model& twin, learn::Model& model, const Samples& samples);

}  // namespace tern::compress
