// How fast are layers of one- and two-bit weights, against libraries of 8-bit and of low-bit ones?
//
// usage: bench_bits [--seconds S] [--ggml FOLDER] [--onnxruntime LIBRARY --mlp MODEL.onnx INPUT OUTPUT]
// 3x3 convolutions of bit planes against oneDNN's int8 ones, where the build finds it; linear layers of
// ternary and 4-bit weights against ggml's TQ2_0 and Q4_0 (FOLDER holds libggml-base.so and
// libggml-cpu-zen4.so); a ternary perceptron of 1024-1024-1024-10 on one row against MODEL, the same in int8.
// One thread, rounds of ours and theirs taking turns; minimum and median of all runs, ratio of the minima.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <dlfcn.h>

#ifdef TERN_BENCH_DNNL
#include <oneapi/dnnl/dnnl.hpp>
#endif

#include "base/seed.hpp"
#include "kernels/bits/bit_serial_conv.hpp"
#include "kernels/bits/low_bit_linear.hpp"
#include "kernels/isa.hpp"
#include "onnx_peer.hpp"

namespace {

using namespace tern::kernels;
using Work = std::function<void()>;

double seconds_each = 0.3;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Times {
  std::vector<double> us;
  void add(const Work& work, double seconds) {
    work();
    for (const double start = now(); now() - start < seconds;) {
      const double before = now();
      work();
      us.push_back(1e6 * (now() - before));
    }
    std::sort(us.begin(), us.end());
  }
  double minimum() const { return us.front(); }
  double median() const { return us[us.size() / 2]; }
};

/// Times both in four turns each and prints a line; `theirs` may be empty.
void compare(const std::string& name, double macs, const Work& ours, const std::string& peer,
             const Work& theirs) {
  Times a, b;
  for (int turn = 0; turn < 4; ++turn) {
    a.add(ours, seconds_each / 4);
    if (theirs) b.add(theirs, seconds_each / 4);
  }
  std::printf("%-44s %8.1f %8.1f us %7.0f GOP/s", name.c_str(), a.minimum(), a.median(),
              2e-3 * macs / a.minimum());
  if (theirs)
    std::printf("   %s %8.1f %8.1f us   ratio %5.2f", peer.c_str(), b.minimum(), b.median(),
                b.minimum() / a.minimum());
  std::printf("\n");
}

std::vector<std::int8_t> random_codes(std::int64_t count, int low, int values, int step = 1) {
  tern::Rng rng(1);
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count));
  for (auto& v : codes)
    v = static_cast<std::int8_t>(low +
                                 step * static_cast<int>(rng.below(static_cast<std::uint64_t>(values))));
  return codes;
}

/// A layer's output: codes of a channel-wise scale and bias.
struct Output {
  std::vector<float> scale, bias;
  std::vector<std::uint8_t> codes;
  Epilogue epilogue;

  Output(std::int64_t places, std::int64_t row, std::int64_t channels)
      : scale(static_cast<std::size_t>(channels + 16), 0.01F),
        bias(scale.size(), 0.5F),
        codes(static_cast<std::size_t>(places * channels + 64)) {
    epilogue.channels = channels;
    epilogue.scale = scale.data();
    epilogue.bias = bias.data();
    epilogue.clamp = true;
    epilogue.clamp_high = INFINITY;
    epilogue.codes = {codes.data(), channels, row * channels};
    epilogue.inverse_scale = 3;
  }
};

#ifdef TERN_BENCH_DNNL
/// oneDNN's 3x3 convolution of unsigned by signed bytes, rectified, to bytes.
Work onednn_conv(std::int64_t channels, std::int64_t size) {
  using namespace dnnl;
  using Type = memory::data_type;
  using Tag = memory::format_tag;
  static const engine cpu(engine::kind::cpu, 0);
  static stream order(cpu);
  const memory::desc image({1, channels, size, size}, Type::u8, Tag::any);
  const memory::desc weights({channels, channels, 3, 3}, Type::s8, Tag::any);
  primitive_attr attributes;
  attributes.set_output_scales(0, {0.01F});
  post_ops after;
  after.append_eltwise(1.0F, algorithm::eltwise_relu, 0, 0);
  attributes.set_post_ops(after);
  const convolution_forward::desc description(prop_kind::forward_inference, algorithm::convolution_direct,
                                              image, weights, image, {1, 1}, {1, 1}, {1, 1});
  const convolution_forward::primitive_desc primitive(description, attributes, cpu);
  memory x(primitive.src_desc(), cpu), w(primitive.weights_desc(), cpu), y(primitive.dst_desc(), cpu);
  std::memset(x.get_data_handle(), 3, primitive.src_desc().get_size());
  std::memset(w.get_data_handle(), 1, primitive.weights_desc().get_size());
  const convolution_forward run(primitive);
  return [=]() mutable {
    run.execute(order, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
    order.wait();
  };
}
#else
Work onednn_conv(std::int64_t, std::int64_t) {
  return {};
}
#endif

void bench_conv(const std::string& name, BitWeights kind, const BitSource& values, std::int64_t channels,
                std::int64_t size) {
  ConvShape s;
  s.ic = s.oc = channels;
  s.kernel_h = s.kernel_w = 3;
  s.pad_h = s.pad_w = 1;
  s.out_h = s.out_w = size;
  s.src_pixel = (channels + 63) / 64 * values.planes;
  s.src_row = (size + 2) * s.src_pixel;
  BitSource source = values;
  source.h = source.w = size;
  const auto codes = kind == BitWeights::binary    ? random_codes(s.oc * s.ic * 9, -1, 2, 2)
                     : kind == BitWeights::ternary ? random_codes(s.oc * s.ic * 9, -1, 3)
                                                   : random_codes(s.oc * s.ic * 9, -2, 4);
  const BitSerialWeights weights = pack_bit_serial_conv(s, kind, codes.data(), source);
  std::vector<std::uint64_t> src(static_cast<std::size_t>((size + 2) * s.src_row + 16));
  tern::Rng rng(2);
  for (std::int64_t y = 1; y <= size; ++y)
    for (std::int64_t i = s.src_pixel; i < s.src_row - s.src_pixel; ++i)
      src[static_cast<std::size_t>(8 + y * s.src_row + i)] = rng();
  const Output out(size * size, size, channels);
  AlignedBytes scratch(bit_serial_conv_scratch_bytes(s, weights));
  char text[80];
  std::snprintf(text, sizeof text, "%s 3x3 %d-%d, %dx%d", name.c_str(), static_cast<int>(channels),
                static_cast<int>(channels), static_cast<int>(size), static_cast<int>(size));
  compare(
      text, static_cast<double>(s.macs()),
      [&] {
        run_bit_serial_conv(s, weights, src.data() + 8 + s.src_row + s.src_pixel, out.epilogue, 0, size,
                            scratch.data());
      },
      "oneDNN int8", onednn_conv(channels, size));
}

/// One linear layer of ours with room for its source.
struct Linear {
  ConvShape shape;
  LowBitWeights weights;
  Output out;
  AlignedBytes scratch;

  Linear(std::int64_t rows, std::int64_t oc, std::int64_t ic, int bits)
      : shape(shape_of(rows, oc, ic)),
        weights(pack_low_bit_linear(
            shape, bits, random_codes(oc * ic, bits == 2 ? -1 : -8, bits == 2 ? 3 : 16).data(), 0)),
        out(rows, 1, oc),
        scratch(low_bit_linear_scratch_bytes(shape, weights)) {}

  static ConvShape shape_of(std::int64_t rows, std::int64_t oc, std::int64_t ic) {
    ConvShape s;
    s.ic = ic;
    s.oc = oc;
    s.out_h = rows;
    s.src_pixel = s.src_row = ic;
    return s;
  }
  void run(const std::uint8_t* src) {
    run_low_bit_linear(shape, weights, src, out.epilogue, 0, shape.out_h, scratch.data());
  }
};

/// ggml's matrix product of quantized weights [oc][ic] with float rows, from its prebuilt libraries.
class Ggml {
 public:
  explicit Ggml(const std::string& folder) {
    base_ = open(folder + "/libggml-base.so");
    cpu_ = open(folder + "/libggml-cpu-zen4.so");
    find<void (*)()>(cpu_, "ggml_cpu_init")();
  }

  static constexpr int q4_0 = 2, tq2_0 = 35;

  Work product(std::int64_t rows, std::int64_t oc, std::int64_t ic, int type) const {
    struct Options {
      std::size_t bytes;
      void* buffer;
      bool no_alloc;
    };
    void* const context =
        find<void* (*)(Options)>(base_, "ggml_init")({std::size_t{256} << 20, nullptr, false});
    const auto tensor = find<void* (*)(void*, int, std::int64_t, std::int64_t)>(base_, "ggml_new_tensor_2d");
    const auto data = find<void* (*)(void*)>(base_, "ggml_get_data");
    void *const w = tensor(context, type, ic, oc), *const x = tensor(context, 0, ic, rows);
    std::vector<float> weights(static_cast<std::size_t>(oc * ic));
    const auto codes = random_codes(oc * ic, -1, 3);
    std::copy(codes.begin(), codes.end(), weights.begin());
    find<std::size_t (*)(int, const float*, void*, std::int64_t, std::int64_t, std::int64_t, const float*)>(
        base_, "ggml_quantize_chunk")(type, weights.data(), data(w), 0, oc, ic, nullptr);
    tern::Rng rng(3);
    for (std::int64_t i = 0; i < rows * ic; ++i)
      static_cast<float*>(data(x))[i] = static_cast<float>(rng.normal());
    void* const y = find<void* (*)(void*, void*, void*)>(base_, "ggml_mul_mat")(context, w, x);
    void* const graph = find<void* (*)(void*)>(base_, "ggml_new_graph")(context);
    find<void (*)(void*, void*)>(base_, "ggml_build_forward_expand")(graph, y);
    const auto compute = find<int (*)(void*, void*, int)>(cpu_, "ggml_graph_compute_with_ctx");
    const auto release = find<void (*)(void*)>(base_, "ggml_free");
    const std::shared_ptr<void> owner(context, [release](void* p) { release(p); });
    return [owner, graph, compute] { compute(owner.get(), graph, 1); };
  }

 private:
  static void* open(const std::string& path) {
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library == nullptr) throw std::runtime_error(dlerror());
    return library;
  }
  template <class F>
  static F find(void* library, const char* name) {
    void* const function = dlsym(library, name);
    if (function == nullptr) throw std::runtime_error(dlerror());
    return reinterpret_cast<F>(function);
  }
  void *base_ = nullptr, *cpu_ = nullptr;
};

void bench_linear(std::int64_t rows, std::int64_t oc, std::int64_t ic, int bits, const Ggml* ggml) {
  Linear layer(rows, oc, ic, bits);
  std::vector<std::uint8_t> src(static_cast<std::size_t>(rows * ic + 64));
  tern::Rng rng(4);
  for (auto& v : src) v = static_cast<std::uint8_t>(rng.below(256));
  char text[80];
  std::snprintf(text, sizeof text, "%s %dx%d, %d rows", bits == 2 ? "ternary linear" : "4-bit linear",
                static_cast<int>(ic), static_cast<int>(oc), static_cast<int>(rows));
  compare(
      text, static_cast<double>(layer.shape.macs()), [&] { layer.run(src.data()); },
      bits == 2 ? "ggml TQ2_0" : "ggml Q4_0",
      ggml != nullptr ? ggml->product(rows, oc, ic, bits == 2 ? Ggml::tq2_0 : Ggml::q4_0) : Work{});
}

/// 1024-1024-1024-10 from floats, quantized first as the peer does.
void bench_mlp(const std::string& library, const std::vector<std::string>& model) {
  std::vector<float> src(1024), dst(10);
  tern::Rng rng(5);
  for (float& v : src) v = static_cast<float>(rng.uniform());
  std::unique_ptr<tern::bench::OnnxPeer> peer;
  Work theirs;
  if (!library.empty()) {
    peer = std::make_unique<tern::bench::OnnxPeer>(library);
    theirs = [session = peer->open(model[0], model[1], model[2]), &src, &dst] {
      session.run({1, 1024}, src, {1, 10}, dst);
    };
  }
  Linear first(1, 1024, 1024, 2), second(1, 1024, 1024, 2), third(1, 10, 1024, 2);
  std::vector<std::uint8_t> codes(1024 + 64);
  compare(
      "ternary MLP 1024-1024-1024-10, 1 row", 2.1e6,
      [&] {
        for (std::size_t i = 0; i < src.size(); ++i)
          codes[i] = static_cast<std::uint8_t>(std::min(std::max(src[i] * 20.0F + 0.5F, 0.0F), 255.0F));
        first.run(codes.data());
        second.run(first.out.codes.data());
        third.run(second.out.codes.data());
      },
      "ONNX Runtime int8", theirs);
}

}  // namespace

int main(int count, char** arguments) try {
  std::string ggml_folder, onnxruntime;
  std::vector<std::string> model;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const int left = count - i - 1;
    if (word == "--seconds" && left >= 1) {
      seconds_each = std::atof(arguments[++i]);
    } else if (word == "--ggml" && left >= 1) {
      ggml_folder = arguments[++i];
    } else if (word == "--onnxruntime" && left >= 1) {
      onnxruntime = arguments[++i];
    } else if (word == "--mlp" && left >= 3) {
      model.assign(arguments + i + 1, arguments + i + 4);
      i += 3;
    } else {
      std::fprintf(stderr,
                   "usage: bench_bits [--seconds S] [--ggml FOLDER] "
                   "[--onnxruntime LIBRARY --mlp MODEL.onnx INPUT OUTPUT]\n");
      return 2;
    }
  }
  std::printf("%s, 1 thread; minimum, median\n", std::string(name_of(current_isa())).c_str());
#ifndef TERN_BENCH_DNNL
  std::printf("oneDNN: skipped, the build found none\n");
#endif
  if (ggml_folder.empty()) std::printf("ggml: skipped, no --ggml FOLDER\n");
  if (onnxruntime.empty() || model.empty())
    std::printf("ONNX Runtime: skipped, no --onnxruntime and --mlp\n");
  for (const std::int64_t channels : {128, 256, 512}) {
    const std::int64_t size = channels == 512 ? 8 : 16;
    bench_conv("binary x {0,1}", BitWeights::binary, {}, channels, size);
    bench_conv("binary x {-1,1}", BitWeights::binary, {.planes = 1, .zero = -1, .step = 2}, channels, size);
    bench_conv("ternary x {0,1}", BitWeights::ternary, {}, channels, size);
    bench_conv("two-bit x {0,1}", BitWeights::two_bit, {}, channels, size);
    bench_conv("binary x 0..3", BitWeights::binary, {.planes = 2}, channels, size);
  }
  const std::unique_ptr<Ggml> ggml = ggml_folder.empty() ? nullptr : std::make_unique<Ggml>(ggml_folder);
  for (const int bits : {2, 4}) {
    bench_linear(1, 4096, 4096, bits, ggml.get());
    bench_linear(64, 4096, 4096, bits, ggml.get());
    bench_linear(1, 1024, 1024, bits, ggml.get());
  }
  bench_mlp(model.empty() ? std::string() : onnxruntime, model);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_bits: %s\n", error.what());
  return 1;
}
