// Between a Model and the packed form that the engine runs.
#pragma once

#include "learn/model.hpp"
#include "pack/model_file.hpp"

namespace tern::learn {

/// Every tensor of the Model as stored: quantized weights as codes and a scale, the rest as floats, masks applied.
pack::PackedModel to_packed(const Model& model);

/// A Model with the packed model's values. Quantized weights become plain floats scale * code, zeros masked when
/// `keep_zeros` is set.
Model from_packed(const pack::PackedModel& packed, bool keep_zeros = false);

}  // namespace tern::learn
