// How fast are int8 convolutions, layer by layer, and against oneDNN's?
//
// usage: bench_dense [NETWORK [BITS [SECONDS]]]
// NETWORK: resnet20 (CIFAR, the default), resnet18 (CIFAR, width 64), mobilenet-small (MobileNetV1 0.25, 96 x
// 96), mobilenet (MobileNetV1 1.0, 224 x 224), linear (two square layers) or all; BITS of the weights
// (default 8); SECONDS a layer and program (0.1). One thread, one image. Both read and write unsigned codes
// and apply scales and biases by channel and a relu; layers that end a residual block also add the codes of
// another image. Prints minimum and median microseconds, GOP/s (two operations a product), and the sums over
// the network. oneDNN is skipped where the build had none; it has 8-bit weights always.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/seed.hpp"
#include "kernels/dense/dense_conv.hpp"
#include "kernels/dense/depthwise.hpp"
#include "kernels/isa.hpp"
#ifdef TERN_BENCH_DNNL
#include <oneapi/dnnl/dnnl.hpp>
#endif

namespace {

using namespace tern::kernels;

struct Layer {
  std::int64_t ic, oc, kernel, size, stride;  // size: of the source, square
  bool residual = false, depthwise = false;
  int count = 1;  // in the network
};

struct Times {
  double minimum = 0, median = 0;
};

Times time_us(double seconds, const std::function<void()>& run) {
  using Clock = std::chrono::steady_clock;
  run();
  std::vector<double> times;
  const auto start = Clock::now();
  while (times.size() < 5 || std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    const auto before = Clock::now();
    for (int i = 0; i < 4; ++i) run();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count() / 4);
  }
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2]};
}

std::vector<Layer> mobilenet(double width, std::int64_t size) {
  const auto channels = [&](int full) {
    return std::max<std::int64_t>(8, static_cast<std::int64_t>(full * width));
  };
  std::vector<Layer> layers{{3, channels(32), 3, size, 2}};
  size = (size + 1) / 2;
  struct Block {
    int ic, oc, stride, count;
  };
  for (const Block& b : {Block{32, 64, 1, 1},
                         {64, 128, 2, 1},
                         {128, 128, 1, 1},
                         {128, 256, 2, 1},
                         {256, 256, 1, 1},
                         {256, 512, 2, 1},
                         {512, 512, 1, 5},
                         {512, 1024, 2, 1},
                         {1024, 1024, 1, 1}}) {
    layers.push_back({channels(b.ic), channels(b.ic), 3, size, b.stride, false, true, b.count});
    size = (size + b.stride - 1) / b.stride;
    layers.push_back({channels(b.ic), channels(b.oc), 1, size, 1, false, false, b.count});
  }
  return layers;
}

std::vector<Layer> network(const std::string& name) {
  if (name == "resnet20")
    return {{3, 16, 3, 32, 1},  {16, 16, 3, 32, 1, false, false, 3}, {16, 16, 3, 32, 1, true, false, 3},
            {16, 32, 3, 32, 2}, {32, 32, 3, 16, 1, false, false, 2}, {32, 32, 3, 16, 1, true, false, 3},
            {32, 64, 3, 16, 2}, {64, 64, 3, 8, 1, false, false, 2},  {64, 64, 3, 8, 1, true, false, 3}};
  if (name == "resnet18")
    return {{3, 64, 3, 32, 1},
            {64, 64, 3, 32, 1, false, false, 2},
            {64, 64, 3, 32, 1, true, false, 2},
            {64, 128, 3, 32, 2},
            {64, 128, 1, 32, 2},
            {128, 128, 3, 16, 1},
            {128, 128, 3, 16, 1, true, false, 2},
            {128, 256, 3, 16, 2},
            {128, 256, 1, 16, 2},
            {256, 256, 3, 8, 1},
            {256, 256, 3, 8, 1, true, false, 2},
            {256, 512, 3, 8, 2},
            {256, 512, 1, 8, 2},
            {512, 512, 3, 4, 1},
            {512, 512, 3, 4, 1, true, false, 2}};
  if (name == "linear") return {{1024, 1024, 1, 1, 1}, {4096, 4096, 1, 1, 1}};
  if (name == "mobilenet-small") return mobilenet(0.25, 96);
  if (name == "mobilenet") return mobilenet(1.0, 224);
  return {};
}

ConvShape shape_of(const Layer& layer) {
  ConvShape s;
  s.ic = layer.ic;
  s.oc = layer.oc;
  s.kernel_h = s.kernel_w = layer.kernel;
  s.stride_h = s.stride_w = layer.stride;
  s.pad_h = s.pad_w = layer.kernel / 2;
  s.groups = layer.depthwise ? layer.ic : 1;
  s.out_h = s.out_w = (layer.size - 1) / layer.stride + 1;
  s.src_pixel = (layer.ic + 3) / 4 * 4;
  s.src_row = (layer.size + 2 * s.pad_w) * s.src_pixel;
  return s;
}

std::vector<std::int8_t> random_codes(std::int64_t count, int bits) {
  tern::Rng rng(1);
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count));
  for (auto& v : codes)
    v = static_cast<std::int8_t>(bits == 1 ? 2 * static_cast<int>(rng.below(2)) - 1
                                           : static_cast<int>(rng.below(1U << bits)) - (1 << (bits - 1)));
  return codes;
}

AlignedBytes random_bytes(std::int64_t count) {
  tern::Rng rng(2);
  AlignedBytes bytes(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) bytes.data()[i] = static_cast<std::uint8_t>(rng.below(256));
  return bytes;
}

Times time_ours(const Layer& layer, int bits, double seconds) {
  const ConvShape s = shape_of(layer);
  const std::vector<std::int8_t> codes = random_codes(s.oc * s.group_ic() * s.taps(), bits);
  const auto src = random_bytes(s.src_row * (layer.size + 2 * s.pad_h) + 128);
  const auto other = random_bytes(s.out_h * s.out_w * s.oc + 64);
  AlignedBytes dst(other.size());
  const std::vector<float> scale(static_cast<std::size_t>(s.oc + 16), 1e-3F), bias(scale.size(), 0.1F);
  Epilogue e;
  e.channels = s.oc;
  e.scale = scale.data();
  e.bias = bias.data();
  if (layer.residual) e.residual_codes = {other.data(), s.oc, s.oc * s.out_w};
  e.clamp = true;
  e.clamp_high = 1e30F;
  e.codes = {dst.data(), s.oc, s.oc * s.out_w};
  e.inverse_scale = 30;
  const std::uint8_t* const origin = src.data() + 64 + s.pad_h * s.src_row + s.pad_w * s.src_pixel;
  if (layer.depthwise) {
    const DepthwiseWeights weights = pack_depthwise(s, codes.data(), 0);
    AlignedBytes scratch(depthwise_scratch_bytes(s, weights));
    return time_us(seconds, [&] { run_depthwise(s, weights, origin, e, 0, s.out_h, scratch.data()); });
  }
  const DenseWeights weights = pack_dense(s, codes.data(), 0);
  AlignedBytes scratch(dense_scratch_bytes(s, weights));
  return time_us(seconds, [&] { run_dense(s, weights, origin, e, 0, s.out_h, scratch.data()); });
}

#ifdef TERN_BENCH_DNNL
Times time_onednn(const Layer& layer, double seconds) {
  using namespace dnnl;
  using Type = memory::data_type;
  using Tag = memory::format_tag;
  static const engine cpu(engine::kind::cpu, 0);
  static stream order(cpu);
  const ConvShape s = shape_of(layer);
  const memory::dims weight_dims = layer.depthwise ? memory::dims{s.groups, 1, 1, s.kernel_h, s.kernel_w}
                                                   : memory::dims{s.oc, s.ic, s.kernel_h, s.kernel_w};
  const memory::desc src({1, s.ic, layer.size, layer.size}, Type::u8, Tag::any),
      weights(weight_dims, Type::s8, Tag::any), bias({s.oc}, Type::f32, Tag::any),
      dst({1, s.oc, s.out_h, s.out_w}, Type::u8, Tag::any);
  primitive_attr attributes;
  attributes.set_output_scales(2, std::vector<float>(static_cast<std::size_t>(s.oc), 0.01F));
  post_ops after;
  if (layer.residual) after.append_sum(0.5F);
  after.append_eltwise(1.0F, algorithm::eltwise_relu, 0, 0);
  attributes.set_post_ops(after);
  const convolution_forward::desc description(prop_kind::forward_inference, algorithm::convolution_direct,
                                              src, weights, bias, dst, {s.stride_h, s.stride_w},
                                              {s.pad_h, s.pad_w}, {s.pad_h, s.pad_w});
  const convolution_forward::primitive_desc primitive(description, attributes, cpu);
  memory x(primitive.src_desc(), cpu), w(primitive.weights_desc(), cpu), b(primitive.bias_desc(), cpu),
      y(primitive.dst_desc(), cpu);
  std::fill_n(static_cast<std::uint8_t*>(x.get_data_handle()), primitive.src_desc().get_size(),
              std::uint8_t{3});
  std::fill_n(static_cast<std::uint8_t*>(w.get_data_handle()), primitive.weights_desc().get_size(),
              std::uint8_t{1});
  std::fill_n(static_cast<float*>(b.get_data_handle()), s.oc, 1.0F);
  const convolution_forward run(primitive);
  return time_us(seconds, [&] {
    run.execute(order, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST, y}});
    order.wait();
  });
}
#endif

void bench(const std::string& name, int bits, double seconds) {
  std::printf("%s, %d-bit weights, %s, 1 thread\n", name.c_str(), bits,
              std::string(name_of(current_isa())).c_str());
  std::printf("%-34s %5s %9s %9s %7s", "layer", "times", "us", "median", "GOP/s");
#ifdef TERN_BENCH_DNNL
  std::printf(" %9s %9s %7s", "oneDNN us", "median", "ratio");
#endif
  std::printf("\n");
  double ours_sum = 0, theirs_sum = 0;
  for (const Layer& layer : network(name)) {
    const ConvShape s = shape_of(layer);
    char text[64];
    std::snprintf(text, sizeof text, "%s%dx%d %d-%d, %dx%d%s%s", layer.depthwise ? "dw " : "",
                  static_cast<int>(layer.kernel), static_cast<int>(layer.kernel), static_cast<int>(layer.ic),
                  static_cast<int>(layer.oc), static_cast<int>(layer.size), static_cast<int>(layer.size),
                  layer.stride == 2 ? " /2" : "", layer.residual ? " + residual" : "");
    const Times ours = time_ours(layer, bits, seconds);
    ours_sum += layer.count * ours.minimum;
    std::printf("%-34s %5d %9.2f %9.2f %7.1f", text, layer.count, ours.minimum, ours.median,
                2e-3 * static_cast<double>(s.macs()) / ours.minimum);
#ifdef TERN_BENCH_DNNL
    const Times theirs = time_onednn(layer, seconds);
    theirs_sum += layer.count * theirs.minimum;
    std::printf(" %9.2f %9.2f %7.2f", theirs.minimum, theirs.median, theirs.minimum / ours.minimum);
#endif
    std::printf("\n");
  }
  std::printf("sum of minima: %.1f us", ours_sum);
  if (theirs_sum > 0) std::printf(", oneDNN %.1f us, ratio %.2f", theirs_sum, theirs_sum / ours_sum);
  std::printf("\n\n");
}

}  // namespace

int main(int count, char** arguments) {
  const std::string name = count > 1 ? arguments[1] : "resnet20";
  const int bits = count > 2 ? std::atoi(arguments[2]) : 8;
  const double seconds = count > 3 ? std::atof(arguments[3]) : 0.1;
  if ((network(name).empty() && name != "all") || (bits != 1 && bits != 2 && bits != 4 && bits != 8)) {
    std::fprintf(
        stderr,
        "usage: bench_dense [resnet20|resnet18|mobilenet-small|mobilenet|linear|all [1|2|4|8 [SECONDS]]]\n");
    return 2;
  }
#ifndef TERN_BENCH_DNNL
  std::printf("oneDNN: skipped, the build found none\n");
#endif
  for (const char* each : {"resnet20", "resnet18", "mobilenet-small", "mobilenet", "linear"})
    if (name == "all" || name == each) bench(each, bits, seconds);
  return 0;
}
