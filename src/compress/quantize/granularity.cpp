#include "compress/quantize/granularity.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

Granularity parse_granularity(std::string_view text) {
  if (text == "tensor") return {};
  if (text == "channel") return {Granularity::Kind::channel, 0};
  if (text.starts_with("group:")) {
    const std::string number(text.substr(6));
    char* end = nullptr;
    const long size = std::strtol(number.c_str(), &end, 10);
    if (!number.empty() && *end == '\0' && size > 0) return {Granularity::Kind::group, size};
  }
  fail(ErrorKind::usage, "quantize", "one scale per what? expected tensor, channel or group:N, got '{}'", text);
}

std::string to_text(const Granularity& granularity) {
  if (granularity.kind == Granularity::Kind::tensor) return "tensor";
  if (granularity.kind == Granularity::Kind::channel) return "channel";
  return fmt::format("group:{}", granularity.group_size);
}

std::vector<std::int64_t> scale_shape(const Granularity& granularity, at::IntArrayRef weight) {
  if (granularity.kind == Granularity::Kind::tensor || weight.empty()) return {};
  if (granularity.kind == Granularity::Kind::channel) return {weight[0]};
  std::int64_t slice = 1;
  for (const auto extent : weight.slice(1)) slice *= extent;
  std::int64_t size = std::min(granularity.group_size, slice);
  while (slice % size != 0) --size;
  return {weight[0], slice / size};
}

at::Tensor rows_of(const at::Tensor& weight, const Granularity& granularity) {
  std::int64_t rows = 1;
  for (const auto extent : scale_shape(granularity, weight.sizes())) rows *= extent;
  return weight.reshape({rows, -1});
}

}  // namespace tern::compress
