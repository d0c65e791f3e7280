#include "engine/reference.hpp"

#include <algorithm>
#include <cmath>

#include "base/seed.hpp"
#include "net/neuron.hpp"
#include "pack/bits.hpp"

namespace tern::engine {
namespace {

using Values = std::vector<float>;

/// One node at work.
struct Call {
  const pack::PackedModel& model;
  const net::Node& node;
  net::OpContext rules;
  net::TensorType type;
  std::vector<const Values*> src;
  std::int64_t num_steps, n;

  const net::Shape& in() const { return rules.src[0].shape; }
  std::int64_t frames(const net::TensorType& t) const { return t.has_time ? num_steps * n : n; }
  std::int64_t size() const { return net::num_elements(type.shape); }
  const pack::PackedTensor& tensor(const char* name) const { return model.tensors.at(node.name + "." + name); }
};

float code_of(const pack::PackedTensor& tensor, std::int64_t i) {
  return tensor.bits == 32 ? tensor.values[i] : static_cast<float>(tensor.codes[i]);
}

/// scale * acc + bias
float finish(const Call& call, float acc, std::int64_t channel) {
  const auto& weight = call.tensor("weight");
  const float scaled = weight.bits == 32 ? acc : acc * weight.scales[weight.scales.size() == 1 ? 0 : channel];
  return call.rules.flag("bias") ? scaled + call.tensor("bias").values[channel] : scaled;
}

float conv_at(const Call& call, const float* src, std::int64_t o, std::int64_t y, std::int64_t x) {
  const auto [kh, kw] = call.rules.pair("kernel");
  const auto [sh, sw] = call.rules.pair("stride");
  const auto [ph, pw] = call.rules.pair("padding");
  const auto [dh, dw] = call.rules.pair("dilation");
  const std::int64_t groups = call.rules.integer("groups"), oc = call.type.shape[0] / groups;
  const std::int64_t ic = call.in()[0] / groups, h = call.in()[1], w = call.in()[2];
  float acc = 0;
  for (std::int64_t ky = 0; ky < kh; ++ky)
    for (std::int64_t kx = 0; kx < kw; ++kx)
      for (std::int64_t c = 0; c < ic; ++c) {
        const std::int64_t sy = y * sh + ky * dh - ph, sx = x * sw + kx * dw - pw;
        if (sy < 0 || sy >= h || sx < 0 || sx >= w) continue;
        acc += src[((o / oc * ic + c) * h + sy) * w + sx] *
               code_of(call.tensor("weight"), ((o * ic + c) * kh + ky) * kw + kx);
      }
  return finish(call, acc, o);
}

Values conv2d(const Call& call) {
  Values dst;
  const net::Shape& out = call.type.shape;
  for (std::int64_t f = 0; f < call.frames(call.type); ++f)
    for (std::int64_t o = 0; o < out[0]; ++o)
      for (std::int64_t y = 0; y < out[1]; ++y)
        for (std::int64_t x = 0; x < out[2]; ++x)
          dst.push_back(conv_at(call, call.src[0]->data() + f * net::num_elements(call.in()), o, y, x));
  return dst;
}

Values linear(const Call& call) {
  Values dst;
  const std::int64_t in = call.in()[0];
  for (std::int64_t f = 0; f < call.frames(call.type); ++f)
    for (std::int64_t o = 0; o < call.type.shape[0]; ++o) {
      float acc = 0;
      for (std::int64_t i = 0; i < in; ++i) acc += (*call.src[0])[f * in + i] * code_of(call.tensor("weight"), o * in + i);
      dst.push_back(finish(call, acc, o));
    }
  return dst;
}

Values batch_norm(const Call& call) {
  Values dst = *call.src[0];
  const std::int64_t channels = call.in()[0], places = call.size() / channels;
  const auto eps = static_cast<float>(call.rules.real("eps"));
  for (std::size_t i = 0; i < dst.size(); ++i) {
    const auto c = static_cast<std::int64_t>(i) / places % channels;
    const float scale = call.tensor("weight").values[c] / std::sqrt(call.tensor("running_var").values[c] + eps);
    const float shift = call.tensor("bias").values[c] - call.tensor("running_mean").values[c] * scale;
    dst[i] = scale * dst[i] + shift;
  }
  return dst;
}

Values pool(const Call& call) {
  const auto [kh, kw] = call.rules.pair("kernel");
  const auto [sh, sw] = call.rules.pair("stride");
  const std::int64_t h = call.in()[1], w = call.in()[2], oh = call.type.shape[1], ow = call.type.shape[2];
  Values dst;
  for (std::int64_t image = 0; image < call.frames(call.type) * call.in()[0]; ++image)
    for (std::int64_t y = 0; y < oh; ++y)
      for (std::int64_t x = 0; x < ow; ++x) {
        float sum = 0, most = -INFINITY;
        for (std::int64_t ky = 0; ky < kh; ++ky)
          for (std::int64_t kx = 0; kx < kw; ++kx) {
            const float v = (*call.src[0])[(image * h + y * sh + ky) * w + x * sw + kx];
            sum += v;
            most = std::max(most, v);
          }
        dst.push_back(call.node.op == "max_pool2d" ? most : sum / static_cast<float>(kh * kw));
      }
  return dst;
}

Values neuron(const Call& call) {
  const net::NeuronDynamics d = net::neuron_dynamics(call.node);
  const std::int64_t size = call.n * call.size();
  Values dst(call.src[0]->size());
  for (std::int64_t i = 0; i < size; ++i) {
    float v = d.v_rest, spike = 0;
    for (std::int64_t t = 0; t < call.num_steps; ++t) {
      float h = d.decay * v + (d.gain * (*call.src[0])[t * size + i] + d.offset);
      if (d.reset_delay && spike == 1 && d.reset == "hard") h = d.v_reset;
      if (d.reset_delay && spike == 1 && d.reset == "soft") h -= d.v_threshold;
      spike = h >= d.v_threshold ? 1.0F : 0.0F;
      dst[t * size + i] = spike;
      v = h;
      if (!d.reset_delay && spike == 1 && d.reset == "hard") v = d.v_reset;
      if (!d.reset_delay && spike == 1 && d.reset == "soft") v = h - d.v_threshold;
    }
  }
  return dst;
}

/// One-dimensional convolution [in, length] to [out, length], torch's padding='same': shorter on the left.
std::vector<double> conv1d_same(const std::vector<double>& src, const Values& weight, std::int64_t channels,
                                std::int64_t length, std::int64_t k) {
  std::vector<double> dst(static_cast<std::size_t>(channels * length));
  for (std::int64_t o = 0; o < channels; ++o)
    for (std::int64_t p = 0; p < length; ++p)
      for (std::int64_t i = 0; i < channels; ++i)
        for (std::int64_t j = 0; j < k; ++j) {
          const std::int64_t q = p + j - (k - 1) / 2;
          if (q >= 0 && q < length) dst[o * length + p] += src[i * length + q] * double(weight[(o * channels + i) * k + j]);
        }
  return dst;
}

Values tcja(const Call& call) {
  const std::int64_t steps = call.num_steps, channels = call.in()[0], places = call.in()[1] * call.in()[2];
  Values dst(call.src[0]->size());
  for (std::int64_t sample = 0; sample < call.n; ++sample) {
    std::vector<double> m(static_cast<std::size_t>(steps * channels)), turned(m.size());
    const auto at = [&](std::int64_t t, std::int64_t c) { return ((t * call.n + sample) * channels + c) * places; };
    for (std::int64_t t = 0; t < steps; ++t)
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t p = 0; p < places; ++p) m[t * channels + c] += double((*call.src[0])[at(t, c) + p]) / double(places);
        turned[c * steps + t] = m[t * channels + c];
      }
    const std::int64_t k = call.rules.integer("kernel");
    const auto a = conv1d_same(m, pack::dequantize(call.tensor("time_weight")), steps, channels, k);
    const auto b = conv1d_same(turned, pack::dequantize(call.tensor("channel_weight")), channels, steps, k);
    for (std::int64_t t = 0; t < steps; ++t)
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t p = 0; p < places; ++p)
          dst[at(t, c) + p] = (*call.src[0])[at(t, c) + p] *
                              static_cast<float>(1 / (1 + std::exp(-a[t * channels + c] * b[c * steps + t])));
  }
  return dst;
}

Values mean_time(const Call& call) {
  const std::int64_t size = call.n * call.size();
  Values dst(static_cast<std::size_t>(size), 0.0F);
  for (std::size_t i = 0; i < call.src[0]->size(); ++i) dst[i % dst.size()] += (*call.src[0])[i];
  for (auto& value : dst) value /= static_cast<float>(call.num_steps);
  return dst;
}

Values vote(const Call& call) {
  const auto group = static_cast<std::size_t>(call.rules.integer("group"));
  Values dst(call.src[0]->size() / group, 0.0F);
  for (std::size_t i = 0; i < call.src[0]->size(); ++i) dst[i / group] += (*call.src[0])[i];
  for (auto& value : dst) value /= static_cast<float>(group);
  return dst;
}

/// Element i of the first input, at its place in a later input: the same, or one value a channel.
std::size_t place_in(const Call& call, std::size_t input, std::size_t i) {
  const std::size_t here = net::num_elements(call.in()), there = net::num_elements(call.rules.src[input].shape);
  return i / (here / there);
}

Values multiply(const Call& call) {
  Values dst = *call.src[0];
  for (std::size_t k = 1; k < call.src.size(); ++k)
    for (std::size_t i = 0; i < dst.size(); ++i) dst[i] *= (*call.src[k])[place_in(call, k, i)];
  return dst;
}

Values concat(const Call& call) {
  Values dst;
  for (std::int64_t f = 0; f < call.frames(call.type); ++f)
    for (std::size_t k = 0; k < call.src.size(); ++k) {
      const std::int64_t size = net::num_elements(call.rules.src[k].shape);
      dst.insert(dst.end(), call.src[k]->begin() + f * size, call.src[k]->begin() + (f + 1) * size);
    }
  return dst;
}

Values global_avg_pool(const Call& call) {
  const auto places = static_cast<std::size_t>(call.in()[1] * call.in()[2]);
  Values dst(call.src[0]->size() / places, 0.0F);
  for (std::size_t i = 0; i < call.src[0]->size(); ++i) dst[i / places] += (*call.src[0])[i];
  for (auto& value : dst) value /= static_cast<float>(places);
  return dst;
}

float activate(const Call& call, float x) {
  const std::string& op = call.node.op;
  const float ramp = x <= -3 ? 0.0F : x >= 3 ? 6.0F : x + 3;
  if (op == "relu") return x > 0 ? x : 0;
  if (op == "relu6") return x > 6 ? 6 : x > 0 ? x : 0;
  if (op == "sigmoid") return static_cast<float>(1 / (1 + std::exp(-double(x))));
  if (op == "silu") return static_cast<float>(x / (1 + std::exp(-double(x))));
  if (op == "gelu") return static_cast<float>(double(x) / 2 * (1 + std::erf(double(x) / std::sqrt(2.0))));
  if (op == "hard_sigmoid") return ramp / 6;
  if (op == "hard_swish") return x * ramp / 6;
  if (op == "leaky_relu") return x > 0 ? x : static_cast<float>(call.rules.real("slope")) * x;
  return x;  // input, flatten, dropout change nothing in this order
}

Values elementwise(const Call& call) {
  Values dst = *call.src[0];
  for (std::size_t k = 1; k < call.src.size(); ++k)
    for (std::size_t i = 0; i < dst.size(); ++i) dst[i] += (*call.src[k])[i];
  for (auto& value : dst) value = activate(call, value);
  return dst;
}

Values run_node(const Call& call) {
  const std::string& op = call.node.op;
  if (op == "conv2d") return conv2d(call);
  if (op == "linear") return linear(call);
  if (op == "batch_norm") return batch_norm(call);
  if (op == "max_pool2d" || op == "avg_pool2d") return pool(call);
  if (op == "if" || op == "lif") return neuron(call);
  if (op == "tcja") return tcja(call);
  if (op == "mean_time") return mean_time(call);
  if (op == "vote") return vote(call);
  if (op == "multiply") return multiply(call);
  if (op == "concat") return concat(call);
  if (op == "global_avg_pool") return global_avg_pool(call);
  return elementwise(call);
}

}  // namespace

pack::PackedModel random_model(net::Net net, int bits, std::uint64_t seed) {
  pack::PackedModel model{std::move(net), {}, {}};
  Rng rng(seed);
  for (const auto& node : model.net.nodes())
    for (const auto& parameter : model.net.parameters(node)) {
      pack::PackedTensor tensor{parameter.shape, parameter.role == net::ParameterRole::weight ? bits : 32};
      const int most = tensor.bits == 32 ? 0 : std::max(1, pack::max_code(tensor.bits));
      for (std::int64_t i = tensor.bits < 32 ? parameter.shape[0] : 0; i > 0; --i)
        tensor.scales.push_back(static_cast<float>(0.7 / most * (rng.uniform() + 0.5)));
      for (std::int64_t i = net::num_elements(parameter.shape); i > 0; --i) {
        const double draw = rng.normal();
        if (parameter.name == "running_var") tensor.values.push_back(static_cast<float>(draw * draw + 0.1));
        else if (tensor.bits == 32) tensor.values.push_back(static_cast<float>(draw * 0.5));
        else if (bits == 1) tensor.codes.push_back(rng.below(2) == 0 ? -1 : 1);
        else tensor.codes.push_back(static_cast<std::int16_t>(rng.below(2) == 0 ? 0 : static_cast<int>(rng.below(2U * most + 1U)) - most));
      }
      model.tensors[node.name + "." + parameter.name] = std::move(tensor);
    }
  return model;
}

std::vector<float> random_frames(const net::Net& net, std::int64_t num_steps, std::int64_t n, bool spikes,
                                 std::uint64_t seed) {
  Rng rng(seed);
  std::vector<float> frames(static_cast<std::size_t>(num_steps * n * net::num_elements(net.type(net.input().name).shape)));
  for (auto& value : frames) value = spikes ? (rng.below(5) == 0 ? 1.0F : 0.0F) : static_cast<float>(rng.normal());
  return frames;
}

std::map<std::string, std::vector<float>> reference_run(const pack::PackedModel& model,
                                                        const std::vector<float>& frames, std::int64_t num_steps,
                                                        std::int64_t n) {
  std::map<std::string, Values> outputs;
  for (const auto& node : model.net.nodes()) {
    Call call{model, node, model.net.context(node), model.net.type(node.name), {}, num_steps, n};
    for (const auto& source : node.inputs) call.src.push_back(&outputs.at(source));
    if (node.inputs.empty()) call.src.push_back(&frames);
    outputs[node.name] = run_node(call);
  }
  return outputs;
}

}  // namespace tern::engine
