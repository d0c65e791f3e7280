// How floats become codes: the arithmetic of a `quantize` node.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/epilogue.hpp"
#include "pack/model_file.hpp"

namespace tern::engine {

struct CodeGrid {
  float scale = 1;
  float low = 0, high = 255;  ///< whole numbers, less the zero point
  std::int32_t offset = 0;    ///< byte of the value zero
  bool operator==(const CodeGrid&) const = default;
};

/// Of a quantize node. None where its codes would not fit a byte.
std::optional<CodeGrid> code_grid(const pack::PackedModel& model, const net::Node& quantize);

/// `epilogue` writes codes of this grid.
void set_grid(const CodeGrid& grid, kernels::Epilogue& epilogue);

}  // namespace tern::engine
