// Going back to the values of an earlier step.
#pragma once

#include "learn/model.hpp"

namespace tern::compress {

/// Copies every parameter's latent (biases, norms and their statistics too) to Parameter::state["rewind"].
void keep_for_rewind(learn::Model& model);

/// Puts the kept values back, zero where masks say so; the kept copies stay for the next time. Returns
/// whether there were any.
bool rewind(learn::Model& model);

void forget_rewind(learn::Model& model);

}  // namespace tern::compress
