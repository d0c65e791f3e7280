// Runs a Net with other meanings than those of learn::forward.
#pragma once

#include <cstdint>
#include <functional>

#include <ATen/core/Tensor.h>

#include "learn/forward.hpp"
#include "learn/ops/meaning.hpp"

namespace tern::compress {

/// The output for `src` at the input node; `meaning` computes every other node.
at::Tensor walk(learn::Model& model, const at::Tensor& src, std::int64_t num_steps,
                const learn::ForwardOptions& options,
                const std::function<at::Tensor(learn::OpCall&)>& meaning);

}  // namespace tern::compress
