// Between torch tensors and tensors in a safetensors file.
#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

#include "pack/safetensors.hpp"

namespace tern::learn {

/// float32 or int64 only: what checkpoints hold.
pack::Tensor to_stored(const at::Tensor& tensor);

/// A new tensor of the stored values. Errors: ErrorKind::bad_data for another dtype than float32 or int64.
at::Tensor from_stored(const pack::Tensor& stored);

/// Copies the stored values into `tensor`. Errors: ErrorKind::bad_data where dtype or shape differ; `place` names it.
void copy_stored(const pack::Tensor& stored, at::Tensor& tensor, std::string_view place);

}  // namespace tern::learn
