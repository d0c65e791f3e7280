// How much faster do layers get whose weights are mostly zero?
//
// usage: bench_sparse [--onnxruntime LIBRARY]
// One thread, one image, sources and destinations in channels-last order; our times include packing pixels
// and the epilogue (scale, bias, relu, codes). Peers, where this build found them, run in the same process:
// oneDNN's dense int8 convolution with relu and codes, and XNNPACK's sparse float convolution (channels
// first, 1x1 only). ONNX Runtime, where it is named, runs networks of one such layer and of five, exported as
// they are packed; the engine runs the same, and ratios are of medians. Microseconds are minimum and median;
// GOP/s count the dense layer's operations. Weights: `block` keeps or drops 4 input channels together,
// `single` each weight for itself.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/seed.hpp"
#include "base/threads.hpp"
#include "kernels/isa.hpp"
#include "kernels/sparse/sparse_conv.hpp"
#include "sparse_chain.hpp"

#ifdef TERN_BENCH_DNNL
#include <oneapi/dnnl/dnnl.hpp>
#endif
#ifdef TERN_BENCH_XNNPACK
#include <xnnpack.h>
#endif

namespace {

using tern::kernels::ConvShape;
using tern::kernels::Epilogue;
using tern::kernels::SparseConvWeights;
using Work = std::function<void()>;

struct Figures {
  double min_us = 0, median_us = 0;
};

/// Runs both in turn, a peer that is absent left out.
std::pair<Figures, Figures> measure(const Work& ours, const Work& peer) {
  const auto seconds = [](const Work& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto figures = [](std::vector<double>& s) {
    std::sort(s.begin(), s.end());
    return s.empty() ? Figures{} : Figures{s.front() * 1e6, s[s.size() / 2] * 1e6};
  };
  std::vector<double> a, b;
  for (double total = 0; total < 0.2 || a.size() < 30;) {
    for (int i = 0; i < 5; ++i) a.push_back(seconds(ours)), total += a.back();
    for (int i = 0; peer && i < 5; ++i) b.push_back(seconds(peer)), total += b.back();
  }
  return {figures(a), figures(b)};
}

/// Memory on a cache line, with the slack that kernels may read.
template <class T>
class Lines {
 public:
  explicit Lines(std::int64_t count) : data_(static_cast<std::size_t>(count) + 256 / sizeof(T)) {}
  T* begin() {
    return reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(data_.data()) + 127) & ~std::uintptr_t{63});
  }

 private:
  std::vector<T> data_;
};

struct Layer {
  std::int64_t ic, oc, kernel, out, stride;
  double zeros;
  bool block;
};

ConvShape shape_of(const Layer& l) {
  ConvShape s;
  s.ic = l.ic, s.oc = l.oc, s.kernel_h = s.kernel_w = l.kernel, s.stride_h = s.stride_w = l.stride;
  s.pad_h = s.pad_w = l.kernel / 2, s.out_h = s.out_w = l.out;
  s.src_pixel = l.ic, s.src_row = (l.out * l.stride + 2 * s.pad_w) * s.src_pixel;
  return s;
}

std::vector<int> weights_of(const Layer& l) {
  tern::Rng rng(1);
  const std::int64_t taps = l.kernel * l.kernel, group = l.block ? 4 : 1;
  std::vector<int> out(static_cast<std::size_t>(l.oc * l.ic * taps));
  for (std::int64_t o = 0; o < l.oc; ++o)
    for (std::int64_t t = 0; t < taps; ++t) {
      bool kept = false;
      for (std::int64_t i = 0; i < l.ic; ++i) {
        if (i % group == 0) kept = rng.uniform() >= l.zeros;
        if (kept)
          out[static_cast<std::size_t>((o * l.ic + i) * taps + t)] = static_cast<int>(rng.below(127)) + 1;
      }
    }
  return out;
}

/// One of our layers, T the type of sources and W that of weights.
template <class T, class W>
class Ours {
 public:
  explicit Ours(const Layer& l)
      : shape_(shape_of(l)),
        src_((l.out * l.stride + l.kernel) * shape_.src_row),
        scale_(l.oc + 15, 1e-4F),
        bias_(l.oc + 15, 0.1F),
        codes_(l.out * l.out * l.oc),
        floats_(l.out * l.out * l.oc) {
    const std::vector<int> values = weights_of(l);
    const std::vector<W> weights(values.begin(), values.end());
    if constexpr (std::is_same_v<W, float>)
      weights_ = pack_sparse_conv(shape_, weights.data());
    else
      weights_ = pack_sparse_conv(shape_, weights.data(), 0);
    scratch_.resize(sparse_conv_scratch_bytes(shape_, weights_));
    tern::Rng rng(2);
    for (std::int64_t i = 0; i < (l.out * l.stride + l.kernel) * shape_.src_row; ++i)
      src_.begin()[i] = static_cast<T>(rng.below(200));
    epilogue_.channels = l.oc, epilogue_.scale = scale_.data(), epilogue_.bias = bias_.data();
    epilogue_.clamp = true, epilogue_.clamp_high = std::numeric_limits<float>::infinity();
    epilogue_.inverse_scale = 0.1F;
    if constexpr (std::is_same_v<W, float>)
      epilogue_.floats = {floats_.begin(), l.oc, l.out * l.oc};
    else
      epilogue_.codes = {codes_.begin(), l.oc, l.out * l.oc};
  }
  void run() {
    const T* const src = src_.begin() + shape_.pad_h * shape_.src_row + shape_.pad_w * shape_.src_pixel;
    run_sparse_conv(shape_, weights_, src, epilogue_, 0, shape_.out_h, scratch_.data());
  }
  double gop() const { return 2e-9 * static_cast<double>(shape_.macs()); }
  std::size_t bytes() const { return weights_.bytes(); }

 private:
  ConvShape shape_;
  SparseConvWeights weights_;
  Lines<T> src_;
  std::vector<float> scale_, bias_;
  Lines<std::uint8_t> codes_;
  Lines<float> floats_;
  std::vector<char> scratch_;
  Epilogue epilogue_;
};

/// oneDNN's dense int8 convolution of a layer; empty when this build has none.
Work dense_int8([[maybe_unused]] const Layer& l) {
#ifdef TERN_BENCH_DNNL
  using namespace dnnl;
  using type = memory::data_type;
  using tag = memory::format_tag;
  static const engine cpu(engine::kind::cpu, 0);
  static stream order(cpu);
  const std::int64_t pad = l.kernel / 2, in = l.out * l.stride;
  const memory::dims front{pad, pad},
      back{(l.out - 1) * l.stride + l.kernel - in - pad, (l.out - 1) * l.stride + l.kernel - in - pad};
  const convolution_forward::desc desc(
      prop_kind::forward_inference, algorithm::convolution_direct, {{1, l.ic, in, in}, type::u8, tag::nhwc},
      {{l.oc, l.ic, l.kernel, l.kernel}, type::s8, tag::any}, {{l.oc}, type::f32, tag::x},
      {{1, l.oc, l.out, l.out}, type::u8, tag::nhwc}, {l.stride, l.stride}, front, back);
  primitive_attr attributes;
  post_ops relu;
  relu.append_eltwise(1.0F, algorithm::eltwise_relu, 0, 0);
  attributes.set_post_ops(relu);
  attributes.set_output_scales(0, {0.001F});
  const convolution_forward::primitive_desc found(desc, attributes, cpu);
  const memory src(found.src_desc(), cpu), weights(found.weights_desc(), cpu), bias(found.bias_desc(), cpu),
      dst(found.dst_desc(), cpu);
  return [conv = convolution_forward(found), src, weights, bias, dst] {
    conv.execute(
        order,
        {{DNNL_ARG_SRC, src}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_BIAS, bias}, {DNNL_ARG_DST, dst}});
    order.wait();
  };
#else
  return {};
#endif
}

/// XNNPACK's sparse float 1x1 convolution of a layer; empty when this build has none.
Work sparse_float([[maybe_unused]] const Layer& l) {
#ifdef TERN_BENCH_XNNPACK
  if (xnn_initialize(nullptr) != xnn_status_success) return {};
  const std::vector<int> values = weights_of(l);
  const std::vector<float> weights(values.begin(), values.end()), bias(static_cast<std::size_t>(l.oc), 0.1F);
  const auto image = [&](std::int64_t channels) {
    return std::make_shared<std::vector<float>>(static_cast<std::size_t>(channels * l.out * l.out + 1024),
                                                1.0F);
  };
  const auto src = image(l.ic), dst = image(l.oc);
  const auto ic = static_cast<std::size_t>(l.ic), oc = static_cast<std::size_t>(l.oc),
             out = static_cast<std::size_t>(l.out);
  xnn_operator_t op = nullptr;
  if (xnn_create_convolution2d_nchw_f32(0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, ic, oc, ic, oc, weights.data(),
                                        bias.data(), 0, std::numeric_limits<float>::infinity(), 0,
                                        &op) != xnn_status_success ||
      xnn_setup_convolution2d_nchw_f32(op, 1, out, out, src->data(), dst->data(), nullptr) !=
          xnn_status_success)
    return {};
  return [op, src, dst] { xnn_run_operator(op, nullptr); };
#else
  return {};
#endif
}

template <class T, class W>
std::pair<Figures, Figures> report(const std::string& what, const Layer& l, const Work& peer) {
  Ours<T, W> ours(l);
  const auto [a, b] = measure([&] { ours.run(); }, peer);
  fmt::print("{:<34} {:>5.0f}% {:>7} KB {:>8.1f} {:>8.1f} us {:>7.0f} GOP/s", what, 100 * l.zeros,
             ours.bytes() / 1024, a.min_us, a.median_us, ours.gop() / a.min_us * 1e6);
  if (peer)
    fmt::print("   peer {:>8.1f} {:>8.1f} us   {:>5.2f}x", b.min_us, b.median_us, b.min_us / a.min_us);
  fmt::print("\n");
  std::fflush(stdout);
  return {a, b};
}

std::string name_of(const Layer& l, const char* type) {
  return fmt::format("{} {} {}x{} {}-{} {}x{}{}", type, l.block ? "block" : "single", l.kernel, l.kernel,
                     l.ic, l.oc, l.out, l.out, l.stride == 2 ? " /2" : "");
}

/// The convolutions of a ResNet-18 for 32x32 images, but for the first.
void resnet18() {
  std::vector<Layer> layers(4, {64, 64, 3, 32, 1, 0.9, true});
  for (std::int64_t ic = 64, out = 16; ic < 512; ic *= 2, out /= 2) {
    layers.push_back({ic, 2 * ic, 3, out, 2, 0.9, true});
    layers.push_back({ic, 2 * ic, 1, out, 2, 0.9, true});
    layers.insert(layers.end(), 3, {2 * ic, 2 * ic, 3, out, 1, 0.9, true});
  }
  double ours = 0, peer = 0;
  for (const Layer& l : layers) {
    const auto [a, b] = report<std::uint8_t, std::int8_t>(name_of(l, "int8"), l, dense_int8(l));
    ours += a.min_us, peer += b.min_us;
  }
  fmt::print("ResNet-18, {} layers: {:.0f} us, oneDNN {:.0f} us\n", layers.size(), ours, peer);
}

}  // namespace

int main(int count, char** arguments) try {
  std::string library;
  for (int i = 1; i < count; ++i) {
    if (std::string(arguments[i]) != "--onnxruntime" || i + 1 == count) {
      fmt::print(stderr, "usage: bench_sparse [--onnxruntime LIBRARY]\n");
      return 2;
    }
    library = arguments[++i];
  }
  tern::set_num_threads(1);
  fmt::print(
      "instruction set {}, one thread; zeros, bytes of weights, min and median us, dense GOP/s, peer min and "
      "median us, ratio\n",
      name_of(tern::kernels::current_isa()));
#ifndef TERN_BENCH_DNNL
  fmt::print("built without oneDNN: its times are missing\n");
#endif
#ifndef TERN_BENCH_XNNPACK
  fmt::print("built without XNNPACK: its times are missing\n");
#endif
  const std::vector<double> sparsities{0.5, 0.7, 0.8, 0.9, 0.95};
  for (const bool block : {true, false}) {
    fmt::print("-- int8, {}; peer: oneDNN int8, dense\n", block ? "blocks of 1x4" : "single weights");
    for (const std::int64_t kernel : {1, 3})
      for (const double zeros : sparsities) {
        const Layer l =
            kernel == 1 ? Layer{256, 256, 1, 28, 1, zeros, block} : Layer{128, 128, 3, 16, 1, zeros, block};
        report<std::uint8_t, std::int8_t>(name_of(l, "int8"), l, dense_int8(l));
      }
  }
  fmt::print("-- int8 linear layers of one row; peer: oneDNN int8, dense, as a 1x1 convolution\n");
  for (const std::int64_t width : {512, 1024, 2048}) {
    const Layer l{width, width, 1, 1, 1, 0.9, true};
    report<std::uint8_t, std::int8_t>(name_of(l, "int8"), l, dense_int8(l));
  }
  fmt::print("-- floats, single weights; peer: XNNPACK, sparse\n");
  for (const double zeros : sparsities) {
    const Layer l{256, 256, 1, 28, 1, zeros, false};
    report<float, float>(name_of(l, "float"), l, sparse_float(l));
  }
  fmt::print("-- ResNet-18 for 32x32 images; peer: oneDNN int8, dense\n");
  resnet18();
  if (library.empty()) {
    fmt::print("ONNX Runtime: skipped, no --onnxruntime\n");
    return 0;
  }
  fmt::print("-- int8 block 1x1 256-256 28x28, 90 % zeros, in networks; peer: ONNX Runtime int8\n");
  tern::bench::bench_sparse_chain(library);
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "bench_sparse: {}\n", error.what());
  return 1;
}
