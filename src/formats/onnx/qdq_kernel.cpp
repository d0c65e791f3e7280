#include "formats/onnx/qdq_kernel.hpp"

#include <algorithm>
#include <cmath>

namespace tern::onnx {
namespace {

constexpr double largest_bias = 1 << 30;
constexpr double smallest_scale = 1e-12;

/// One output channel in double.
struct Channel {
  std::vector<double> values;
  double scale = 0;  ///< its codes are values / scale; 0: there are none yet

  double largest() const {
    double most = 0;
    for (const double value : values) most = std::max(most, std::abs(value));
    return most;
  }
};

std::vector<Channel> channels_of(const pack::PackedTensor& weight) {
  const auto count = static_cast<std::size_t>(weight.shape[0]);
  const std::vector<float> values = pack::dequantize(weight);
  const std::size_t size = values.size() / count;
  const bool has_codes = weight.scaled_by_channel() && weight.bits <= 8;
  std::vector<Channel> channels(count);
  for (std::size_t c = 0; c < count; ++c) {
    Channel& channel = channels[c];
    channel.values.assign(values.begin() + static_cast<std::ptrdiff_t>(c * size),
                          values.begin() + static_cast<std::ptrdiff_t>((c + 1) * size));
    if (!has_codes) continue;
    channel.scale = static_cast<double>(weight.scales[weight.scales.size() == 1 ? 0 : c]);
    for (std::size_t i = 0; i < size; ++i)
      channel.values[i] = static_cast<double>(weight.codes[c * size + i]) * channel.scale;
  }
  return channels;
}

/// y = factor * x + shift behind the kernel.
struct Affine {
  std::vector<double> factor, shift;
};

Affine affine_of(const pack::PackedModel& model, const net::Node& kernel, const net::Node* norm,
                 std::size_t count) {
  const auto values = [&](const net::Node& node, const char* name) {
    return pack::dequantize(model.tensors.at(node.name + name));
  };
  Affine affine{std::vector<double>(count, 1.0), std::vector<double>(count, 0.0)};
  if (std::get<bool>(kernel.attributes.at("bias"))) {
    const auto bias = values(kernel, ".bias");
    affine.shift.assign(bias.begin(), bias.end());
  }
  if (!norm) return affine;
  const auto gain = values(*norm, ".weight"), offset = values(*norm, ".bias");
  const auto mean = values(*norm, ".running_mean"), variance = values(*norm, ".running_var");
  const double eps = std::get<double>(norm->attributes.at("eps"));
  for (std::size_t c = 0; c < count; ++c) {
    affine.factor[c] = static_cast<double>(gain[c]) / std::sqrt(static_cast<double>(variance[c]) + eps);
    affine.shift[c] =
        (affine.shift[c] - static_cast<double>(mean[c])) * affine.factor[c] + static_cast<double>(offset[c]);
  }
  return affine;
}

/// Multiplies by `factor` and finds the scale. -128 turned positive is no code: such channels are rounded
/// again.
void scale_channel(Channel& channel, double factor, double bias, double source_scale) {
  for (double& value : channel.values) value *= factor;
  channel.scale *= std::abs(factor);
  const double largest = channel.largest();
  if (channel.scale <= 0 || std::any_of(channel.values.begin(), channel.values.end(),
                                        [&](double v) { return v > 127.5 * channel.scale; }))
    channel.scale = largest / 127;
  channel.scale = std::max({channel.scale, smallest_scale, std::abs(bias) / (source_scale * largest_bias)});
}

}  // namespace

QdqKernel qdq_kernel(const pack::PackedModel& model, const net::Node& kernel, const net::Node* norm,
                     float source_scale) {
  const pack::PackedTensor& weight = model.tensors.at(kernel.name + ".weight");
  std::vector<Channel> channels = channels_of(weight);
  const Affine affine = affine_of(model, kernel, norm, channels.size());
  const bool has_bias = norm || std::get<bool>(kernel.attributes.at("bias"));
  QdqKernel made{weight.shape, {}, {}, {}};
  for (std::size_t c = 0; c < channels.size(); ++c) {
    scale_channel(channels[c], affine.factor[c], affine.shift[c], static_cast<double>(source_scale));
    const auto scale = static_cast<float>(channels[c].scale);
    made.scales.push_back(scale);
    for (const double value : channels[c].values)
      made.codes.push_back(
          std::clamp<std::int64_t>(std::llround(value / static_cast<double>(scale)), -128, 127));
    if (has_bias)
      made.bias.push_back(std::llround(affine.shift[c] / static_cast<double>(source_scale * scale)));
  }
  return made;
}

}  // namespace tern::onnx
