#include "engine/plan/code_grid.hpp"

#include <cmath>

#include "net/quantized_source.hpp"

namespace tern::engine {

std::optional<CodeGrid> code_grid(const pack::PackedModel& model, const net::Node& quantize) {
  const auto buffer = [&](const char* name) { return pack::dequantize(model.tensors.at(quantize.name + "." + name))[0]; };
  const auto [low, high] = net::code_range(model.net, quantize);
  const float zero = buffer("zero_point");
  CodeGrid grid{buffer("scale"), static_cast<float>(low) - zero, static_cast<float>(high) - zero, 0};
  if (!(grid.scale > 0) || zero != std::nearbyint(zero)) return std::nullopt;
  if (grid.low > 0 || grid.low < -255 || grid.high - grid.low > 255) return std::nullopt;
  grid.offset = static_cast<std::int32_t>(-grid.low);
  return grid;
}

void set_grid(const CodeGrid& grid, kernels::Epilogue& epilogue) {
  epilogue.inverse_scale = 1.0F / grid.scale;
  epilogue.low = grid.low;
  epilogue.high = grid.high;
  epilogue.offset = grid.offset;
}

}  // namespace tern::engine
