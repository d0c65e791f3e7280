#include "pack/packed_tensor.hpp"

#include <algorithm>
#include <cmath>

#include "pack/safetensors_header.hpp"

namespace tern::pack {
namespace {

constexpr std::size_t most_rows = std::size_t{1} << 15;  // indices are stored as int16

void check_finite(const std::vector<float>& values, std::string_view what, std::string_view place,
                  ErrorKind kind) {
  const auto wild = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (wild != values.end()) fail(kind, place, "{} {} is not finite: {}", what, wild - values.begin(), *wild);
}

void check_sizes(const PackedTensor& tensor, std::size_t elements, std::string_view place, ErrorKind kind) {
  const auto run = static_cast<std::size_t>(tensor.codebook_dim);
  const std::size_t codes = tensor.is_float() ? 0 : elements / run;
  if (tensor.values.size() != (tensor.is_float() ? elements : 0) || tensor.codes.size() != codes)
    fail(kind, place, "{} takes {} {}, got {} values and {} codes", net::to_string(tensor.shape),
         tensor.is_float() ? elements : codes, tensor.is_float() ? "values" : "codes", tensor.values.size(),
         tensor.codes.size());
}

void check_scales(const PackedTensor& tensor, std::size_t elements, std::string_view place, ErrorKind kind) {
  const std::size_t count = tensor.scales.size(), channels = tensor.shape.empty() ? 1 : tensor.shape[0];
  if (count == 0 || (count != 1 && (channels == 0 || count % channels != 0 || elements % count != 0)))
    fail(kind, place, "expected 1, {} or a multiple of {} scales that divides {}, got {}", channels, channels,
         elements, count);
  for (const float scale : tensor.scales)
    if (!std::isfinite(scale) || !(scale > 0)) fail(kind, place, "expected a scale > 0, got {}", scale);
}

void check_codes(const PackedTensor& tensor, std::string_view place, ErrorKind kind) {
  const int half = 1 << (tensor.bits - 1);
  const int rows = static_cast<int>(tensor.codebook.size() / static_cast<std::size_t>(tensor.codebook_dim));
  const int low = rows > 0 ? 0 : -half, high = rows > 0 ? rows - 1 : tensor.bits == 1 ? 1 : half - 1;
  const auto wild = std::find_if(tensor.codes.begin(), tensor.codes.end(),
                                 [=](int code) { return code < low || code > high; });
  if (wild != tensor.codes.end())
    fail(kind, place, "code {} is {}, outside {}..{} of {} bits", wild - tensor.codes.begin(),
         static_cast<int>(*wild), low, high, tensor.bits);
}

}  // namespace

void check_tensor(const PackedTensor& tensor, std::string_view place, ErrorKind kind) {
  if (!tensor.is_float() && (tensor.bits < 1 || tensor.bits > 16))
    fail(kind, place, "expected 1 to 16 bits or 32, got {}", tensor.bits);
  const std::size_t elements = checked_bytes(tensor.shape, "U8", place, kind);
  const std::int64_t run = tensor.codebook_dim;
  if (run < 1 || (run > 1 && (tensor.codebook.empty() || elements % static_cast<std::size_t>(run) != 0)) ||
      tensor.codebook.size() % static_cast<std::size_t>(run) != 0)
    fail(kind, place, "a codebook of {} values in rows of {} does not fit {} elements",
         tensor.codebook.size(), run, elements);
  check_sizes(tensor, elements, place, kind);
  if (tensor.is_float()) {
    if (!tensor.scales.empty() || !tensor.codebook.empty())
      fail(kind, place, "floats have no scales and no codebook");
    return check_finite(tensor.values, "element", place, kind);
  }
  const std::size_t rows = tensor.codebook.size() / static_cast<std::size_t>(run);
  if (rows > std::min(most_rows, std::size_t{1} << tensor.bits))
    fail(kind, place, "a codebook of {} rows is too long for {} bits", rows, tensor.bits);
  check_finite(tensor.codebook, "codebook value", place, kind);
  check_scales(tensor, elements, place, kind);
  check_codes(tensor, place, kind);
}

std::vector<float> dequantize(const PackedTensor& tensor) {
  if (tensor.is_float()) return tensor.values;
  const std::size_t run = static_cast<std::size_t>(tensor.codebook_dim), size = tensor.codes.size() * run;
  const std::size_t group = std::max<std::size_t>(1, size / tensor.scales.size());
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::int16_t code = tensor.codes[i / run];
    const float base = tensor.codebook.empty()
                           ? static_cast<float>(code)
                           : tensor.codebook[static_cast<std::size_t>(code) * run + i % run];
    values[i] = base * tensor.scales[i / group];
  }
  return values;
}

std::int64_t count_zeros(const PackedTensor& tensor) {
  const std::vector<float> values = dequantize(tensor);
  return std::count(values.begin(), values.end(), 0.0F);
}

}  // namespace tern::pack
