#include "pack/symbols.hpp"

#include <algorithm>
#include <bit>

#include "pack/bits.hpp"

namespace tern::pack {
namespace {

std::uint32_t zero_row(const PackedTensor& tensor) {
  const std::size_t run = static_cast<std::size_t>(tensor.codebook_dim), rows = tensor.codebook.size() / run;
  for (std::size_t row = 0; row < rows; ++row) {
    const float* const begin = tensor.codebook.data() + row * run;
    if (std::all_of(begin, begin + run, [](float value) { return value == 0.0F; }))
      return static_cast<std::uint32_t>(row);
  }
  return Symbols::no_zero;
}

std::uint32_t zero_of(const PackedTensor& tensor) {
  if (!tensor.codebook.empty()) return zero_row(tensor);
  return tensor.bits == 1 ? 2 : 0;
}

std::uint32_t symbol_of(const PackedTensor& tensor, std::int16_t code) {
  if (!tensor.codebook.empty()) return static_cast<std::uint32_t>(code);
  if (tensor.bits == 1) return code == 0 ? 2 : code < 0 ? 1 : 0;
  return to_field(code, tensor.bits);
}

std::int16_t code_of(const PackedTensor& tensor, std::uint32_t symbol) {
  if (!tensor.codebook.empty()) return static_cast<std::int16_t>(symbol);
  if (tensor.bits == 1) return static_cast<std::int16_t>(symbol == 2 ? 0 : symbol == 1 ? -1 : 1);
  return static_cast<std::int16_t>(to_code(symbol, tensor.bits));
}

}  // namespace

Symbols blank_symbols(const PackedTensor& tensor, std::int64_t count) {
  Symbols symbols;
  symbols.bits = tensor.bits;
  symbols.zero = zero_of(tensor);
  symbols.values.assign(static_cast<std::size_t>(count), symbols.zero);
  const std::int64_t first = tensor.shape.empty() ? 1 : tensor.shape[0];
  symbols.rows = first > 0 && count % first == 0 ? first : 1;
  return symbols;
}

Symbols to_symbols(const PackedTensor& tensor) {
  const std::size_t count = tensor.is_float() ? tensor.values.size() : tensor.codes.size();
  Symbols symbols = blank_symbols(tensor, static_cast<std::int64_t>(count));
  if (tensor.is_float())
    std::transform(tensor.values.begin(), tensor.values.end(), symbols.values.begin(),
                   [](float value) { return std::bit_cast<std::uint32_t>(value + 0.0F); });  // -0 is a zero, too
  else
    std::transform(tensor.codes.begin(), tensor.codes.end(), symbols.values.begin(),
                   [&](std::int16_t code) { return symbol_of(tensor, code); });
  return symbols;
}

void from_symbols(const Symbols& symbols, PackedTensor& tensor) {
  if (tensor.is_float()) {
    tensor.values.resize(symbols.values.size());
    std::transform(symbols.values.begin(), symbols.values.end(), tensor.values.begin(),
                   [](std::uint32_t symbol) { return std::bit_cast<float>(symbol); });
    return;
  }
  tensor.codes.resize(symbols.values.size());
  std::transform(symbols.values.begin(), symbols.values.end(), tensor.codes.begin(),
                 [&](std::uint32_t symbol) { return code_of(tensor, symbol); });
}

}  // namespace tern::pack
