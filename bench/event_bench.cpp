// From which spike rate down does event-driven convolution pay, and how fast is a small spiking network?
//
// usage: bench_event [--seconds S] [--torch-python PATH --torch-script bench/event_torch.py]
// Layer: 3x3, 128 to 128 channels, 32 x 32, 4 steps; int8 weights. "codes" writes unsigned codes through
// scale and relu, as oneDNN's int8 convolution beside it does; "layer" goes on to LIF spikes as bits, as the
// torch layer does. "dense" is our dense int8 kernel (spread to bytes first). Eight images take turns, so
// that branches cannot be learned. Network: 2 x 64 x 64 events, 8 steps, three times (3x3 convolution to 32
// channels, batch norm, LIF, max pooling by 2), linear to 11 classes. One thread; minimum and median
// microseconds; ratios are of minima. oneDNN is skipped where the build found none (dense times do not depend
// on the rate and are taken once), torch without its arguments.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "base/seed.hpp"
#include "kernels/dense/dense_conv.hpp"
#include "kernels/event/event_layer.hpp"
#include "kernels/event/spike_planes.hpp"
#include "kernels/isa.hpp"
#ifdef TERN_BENCH_DNNL
#include <oneapi/dnnl/dnnl.hpp>
#endif

namespace {

using namespace tern::kernels;

constexpr int num_images = 8;

struct Times {
  double minimum = 0, median = 0;
};

/// `prepare` is not timed.
Times time_us(double seconds, const std::function<void(int image)>& run,
              const std::function<void(int image)>& prepare = nullptr) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  const auto start = Clock::now();
  for (int i = 0; i < 2 * num_images || std::chrono::duration<double>(Clock::now() - start).count() < seconds;
       ++i) {
    if (prepare) prepare(i % num_images);
    const auto before = Clock::now();
    run(i % num_images);
    const auto after = Clock::now();
    if (i >= num_images) times.push_back(std::chrono::duration<double, std::micro>(after - before).count());
  }
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2]};
}

/// Steps of planes of words with a border of one pixel.
struct Planes {
  std::int64_t steps, size, words, row, step;
  std::vector<std::uint64_t> data;

  Planes(std::int64_t num_steps, std::int64_t extent, std::int64_t channels)
      : steps(num_steps),
        size(extent),
        words((channels + 63) / 64),
        row((extent + 2) * words),
        step((extent + 2) * row) {
    data.assign(static_cast<std::size_t>(steps * step + 16), 0);
  }
  std::uint64_t* at(std::int64_t t) { return data.data() + 8 + t * step + row + words; }
  double rate(std::int64_t channels) {
    std::int64_t spikes = 0;
    for (std::int64_t t = 0; t < steps; ++t) spikes += count_spikes(at(t), size, size * words, row);
    return static_cast<double>(spikes) / static_cast<double>(steps * size * size * channels);
  }
};

Planes random_spikes(std::int64_t steps, std::int64_t size, std::int64_t channels, double rate,
                     tern::Rng& rng) {
  Planes planes(steps, size, channels);
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t i = 0; i < size * size; ++i)
      for (std::int64_t c = 0; c < channels; ++c)
        if (rng.uniform() < rate)
          planes.at(t)[i / size * planes.row + i % size * planes.words + c / 64] |= std::uint64_t{1}
                                                                                    << c % 64;
  return planes;
}

/// Rounded normals with 3.5 deviations to the largest code, as trained weights lie.
std::vector<std::int8_t> random_codes(std::int64_t count, tern::Rng& rng) {
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count));
  for (auto& v : codes) v = static_cast<std::int8_t>(std::clamp(36.0 * rng.normal(), -127.0, 127.0));
  return codes;
}

ConvShape shape_3x3(std::int64_t ic, std::int64_t oc, std::int64_t size, const Planes& src) {
  ConvShape s;
  s.ic = ic, s.oc = oc, s.kernel_h = s.kernel_w = 3, s.pad_h = s.pad_w = 1, s.out_h = s.out_w = size;
  s.src_pixel = src.words, s.src_row = src.row;
  return s;
}

NeuronParameters lif() {
  NeuronParameters p;  // V + (X - V) / 2, threshold 1, reset to 0
  p.decay = 0.5F, p.gain = 0.5F;
  return p;
}

// --- the layer

constexpr std::int64_t channels = 128, extent = 32, steps = 4;

struct LayerTimes {
  Times codes, spikes, dense;
};

/// All steps of the layer at one rate.
LayerTimes time_layer(double rate, double seconds) {
  tern::Rng rng(1);
  std::vector<Planes> images;
  for (int i = 0; i < num_images; ++i) images.push_back(random_spikes(steps, extent, channels, rate, rng));
  const ConvShape shape = shape_3x3(channels, channels, extent, images[0]);
  const auto codes = random_codes(channels * channels * 9, rng);
  const std::vector<float> scale(channels, 0.003F), bias(channels, 0.1F);
  std::vector<std::uint8_t> dst(steps * extent * extent * channels);
  Epilogue e;
  e.channels = channels, e.scale = scale.data(), e.bias = bias.data();
  LayerTimes times;

  const EventConvWeights weights = pack_event_conv(shape, codes.data());
  Planes spikes(steps, extent, channels);
  AlignedBytes layer_scratch(event_layer_scratch_bytes(shape, steps));
  times.spikes = time_us(seconds, [&](int i) {
    Planes& src = images[static_cast<std::size_t>(i)];
    run_event_layer(
        shape, weights,
        {steps, src.at(0), src.step, spikes.at(0), spikes.step, spikes.row, spikes.words, 0, lif()}, e, 0,
        extent, layer_scratch.data());
  });

  e.clamp = true, e.clamp_high = 1e30F, e.inverse_scale = 30;
  const auto to_frame = [&](std::int64_t t) {
    e.codes = {dst.data() + t * extent * extent * channels, channels, extent * channels};
  };
  AlignedBytes scratch(event_conv_scratch_bytes(shape));
  times.codes = time_us(seconds, [&](int i) {
    for (std::int64_t t = 0; t < steps; ++t) {
      to_frame(t);
      run_event_conv(shape, weights, images[static_cast<std::size_t>(i)].at(t), e, 0, extent, scratch.data());
    }
  });

  ConvShape bytes = shape;
  bytes.src_pixel = channels, bytes.src_row = (extent + 2) * channels;
  const DenseWeights dense = pack_dense(bytes, codes.data(), 0);
  AlignedBytes dense_scratch(dense_scratch_bytes(bytes, dense));
  std::vector<std::uint8_t> spread(static_cast<std::size_t>((extent + 2) * bytes.src_row + 128));
  std::uint8_t* const origin = spread.data() + 64 + bytes.src_row + channels;
  times.dense = time_us(seconds, [&](int i) {
    Planes& src = images[static_cast<std::size_t>(i)];
    for (std::int64_t t = 0; t < steps; ++t) {
      for (std::int64_t y = 0; y < extent; ++y)
        spread_spikes(src.at(t) + y * src.row, src.words, extent, channels, origin + y * bytes.src_row,
                      channels);
      to_frame(t);
      run_dense(bytes, dense, origin, e, 0, extent, dense_scratch.data());
    }
  });
  return times;
}

#ifdef TERN_BENCH_DNNL
Times time_onednn(bool integers, double seconds) {
  using namespace dnnl;
  using Type = memory::data_type;
  using Tag = memory::format_tag;
  static const engine cpu(engine::kind::cpu, 0);
  static stream order(cpu);
  const Type type = integers ? Type::u8 : Type::f32;
  const memory::dims dims{steps, channels, extent, extent};
  const memory::desc src(dims, type, Tag::any),
      weights({channels, channels, 3, 3}, integers ? Type::s8 : type, Tag::any), dst(dims, type, Tag::any);
  primitive_attr attributes;
  if (integers) attributes.set_output_scales(0, {0.01F});
  post_ops after;
  after.append_eltwise(1.0F, algorithm::eltwise_relu, 0, 0);
  attributes.set_post_ops(after);
  const convolution_forward::desc description(prop_kind::forward_inference, algorithm::convolution_direct,
                                              src, weights, dst, {1, 1}, {1, 1}, {1, 1});
  const convolution_forward::primitive_desc primitive(description, attributes, cpu);
  memory x(primitive.src_desc(), cpu), w(primitive.weights_desc(), cpu), y(primitive.dst_desc(), cpu);
  std::memset(x.get_data_handle(), 0, primitive.src_desc().get_size());
  std::memset(w.get_data_handle(), 0, primitive.weights_desc().get_size());
  const convolution_forward run(primitive);
  return time_us(seconds, [&](int) {
    run.execute(order, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
    order.wait();
  });
}
#endif

// --- the network

/// Convolution, batch norm, LIF, max pooling by 2.
struct Stage {
  ConvShape shape;
  EventConvWeights weights;
  std::vector<float> scale, norm_scale, norm_shift;
  Epilogue epilogue;
  Planes fired, pooled;
  AlignedBytes scratch;

  Stage(std::int64_t ic, std::int64_t size, const Planes& src, tern::Rng& rng)
      : shape(shape_3x3(ic, 32, size, src)),
        weights(pack_event_conv(shape, random_codes(32 * ic * 9, rng).data())),
        scale(32, 0.01F),
        norm_scale(32),
        norm_shift(32),
        fired(8, size, 32),
        pooled(8, size / 2, 32),
        scratch(event_layer_scratch_bytes(shape, 8)) {
    for (auto& v : norm_scale) v = static_cast<float>(1.0 + 0.2 * rng.normal());
    epilogue.channels = 32, epilogue.scale = scale.data();
    epilogue.norm_scale = norm_scale.data(), epilogue.norm_shift = norm_shift.data();
  }
  void run(Planes& src) {
    run_event_layer(shape, weights,
                    {8, src.at(0), src.step, fired.at(0), fired.step, fired.row, fired.words, 0, lif()},
                    epilogue, 0, shape.out_h, scratch.data());
    const SpikePool pool{32, 2, 2, 2, 2, pooled.size, fired.row, 1, pooled.row, 1};
    for (std::int64_t t = 0; t < 8; ++t) max_pool_spikes(pool, fired.at(t), pooled.at(t), 0, pooled.size);
  }
  /// Moves the shifts until spikes behind the pooling have this rate.
  void calibrate(Planes& src, double rate) {
    float low = -20, high = 20;
    for (int i = 0; i < 40; ++i) {
      const float shift = (low + high) / 2;
      std::fill(norm_shift.begin(), norm_shift.end(), shift);
      run(src);
      (pooled.rate(32) < rate ? low : high) = shift;
    }
  }
};

struct Network {
  std::vector<Planes> events;
  Planes input{8, 64, 2};  // events arrive here just before a run, as from their source
  std::vector<Stage> stages;
  ConvShape linear;
  EventConvWeights linear_weights;
  std::vector<std::uint64_t> flat = std::vector<std::uint64_t>(8 * 32 + 16);  // 2048 bits a step
  std::vector<float> scale = std::vector<float>(16, 0.01F), logits = std::vector<float>(8 * 16);
  AlignedBytes scratch{0};

  explicit Network(double rate) {
    tern::Rng rng(3);
    for (int i = 0; i < num_images; ++i) events.push_back(random_spikes(8, 64, 2, rate, rng));
    stages.reserve(3);
    Planes* src = &events[0];
    for (std::int64_t ic = 2, size = 64; size >= 16; ic = 32, size /= 2) {
      stages.emplace_back(ic, size, *src, rng).calibrate(*src, rate);
      src = &stages.back().pooled;
    }
    linear.ic = 2048, linear.oc = 11, linear.out_h = 8, linear.src_row = linear.src_pixel = 32;
    linear_weights = pack_event_conv(linear, random_codes(11 * 2048, rng).data());
    scratch = AlignedBytes(event_conv_scratch_bytes(linear));
  }
  void prepare(int image) { input.data = events[static_cast<std::size_t>(image)].data; }
  void run() {
    Planes* src = &input;
    for (Stage& stage : stages) {
      stage.run(*src);
      src = &stage.pooled;
    }
    for (std::int64_t t = 0; t < 8; ++t)
      for (std::int64_t i = 0; i < 32; ++i) {
        const std::uint64_t* const pair = src->at(t) + i / 4 * src->row + i % 4 * 2;
        flat[static_cast<std::size_t>(t * 32 + i)] = pair[0] | pair[1] << 32;
      }
    Epilogue e;
    e.channels = 11, e.scale = scale.data(), e.floats = {logits.data(), 16, 16};
    run_event_conv(linear, linear_weights, flat.data(), e, 0, 8, scratch.data());
  }
};

// --- peers and printing

/// The first number behind `name` in what the script prints, or 0.
double torch_us(const std::string& output, const char* name) {
  const std::size_t at = output.find(name);
  return at == std::string::npos ? 0 : std::atof(output.c_str() + at + std::strlen(name));
}

std::string run_torch(const std::string& python, const std::string& script) {
  std::string output;
  FILE* const pipe = popen(("'" + python + "' '" + script + "'").c_str(), "r");
  if (pipe == nullptr) return output;
  char part[256];
  while (std::fgets(part, sizeof part, pipe) != nullptr) output += part;
  pclose(pipe);
  return output;
}

void print_ratio(double peer, double ours) {
  if (peer > 0)
    std::printf(" %6.1fx", peer / ours);
  else
    std::printf(" %7s", "-");
}

void bench_layer(double seconds, double torch) {
  Times int8, f32;
#ifdef TERN_BENCH_DNNL
  int8 = time_onednn(true, seconds), f32 = time_onednn(false, seconds);
  std::printf("oneDNN int8 %.1f us (median %.1f), f32 %.1f us (median %.1f)\n", int8.minimum, int8.median,
              f32.minimum, f32.median);
#else
  std::printf("oneDNN: skipped, the build found none\n");
#endif
  std::printf("%5s %8s %8s %8s %8s %8s %8s | %7s %7s %7s %7s\n", "rate", "codes us", "median", "layer us",
              "median", "dense us", "median", "oneDNN8", "oneDNN", "dense", "torch");
  for (const int percent : {1, 2, 5, 10, 15, 20, 30}) {
    const LayerTimes t = time_layer(percent / 100.0, seconds);
    std::printf("%4d%% %8.1f %8.1f %8.1f %8.1f %8.1f %8.1f |", percent, t.codes.minimum, t.codes.median,
                t.spikes.minimum, t.spikes.median, t.dense.minimum, t.dense.median);
    print_ratio(int8.minimum, t.codes.minimum);
    print_ratio(f32.minimum, t.codes.minimum);
    print_ratio(t.dense.minimum, t.codes.minimum);
    print_ratio(torch, t.spikes.minimum);
    std::printf("\n");
  }
}

void bench_network(double seconds, double torch) {
  std::printf("%5s %8s %8s %7s | us of the stages and their rates before pooling\n", "rate", "net us",
              "median", "torch");
  for (const int percent : {1, 2, 5, 10, 20}) {
    Network network(percent / 100.0);
    const auto prepare = [&](int image) { network.prepare(image); };
    const Times t = time_us(
        seconds, [&](int) { network.run(); }, prepare);
    std::printf("%4d%% %8.1f %8.1f", percent, t.minimum, t.median);
    print_ratio(torch, t.minimum);
    std::printf(" |");
    for (std::size_t i = 0; i < network.stages.size(); ++i) {
      Stage& stage = network.stages[i];
      Planes& src = i == 0 ? network.input : network.stages[i - 1].pooled;
      const Times part = time_us(
          seconds / 4, [&](int) { stage.run(src); }, prepare);
      std::printf(" %7.1f %4.1f%%", part.minimum, 100 * stage.fired.rate(32));
    }
    std::printf("\n");
  }
}

}  // namespace

int main(int count, char** arguments) {
  double seconds = 0.3;
  std::string python, script;
  for (int i = 1; i < count; i += 2) {
    const std::string name = arguments[i];
    if (i + 1 < count && name == "--seconds")
      seconds = std::atof(arguments[i + 1]);
    else if (i + 1 < count && name == "--torch-python")
      python = arguments[i + 1];
    else if (i + 1 < count && name == "--torch-script")
      script = arguments[i + 1];
    else {
      std::fprintf(
          stderr,
          "usage: bench_event [--seconds S] [--torch-python PATH --torch-script bench/event_torch.py]\n");
      return 2;
    }
  }
  std::printf("%s, 1 thread\n", std::string(name_of(current_isa())).c_str());
  std::string torch;
  if (!python.empty() && !script.empty()) torch = run_torch(python, script);
  std::printf("torch: %s", torch.empty() ? "skipped, no --torch-python and --torch-script\n" : torch.c_str());
  bench_layer(seconds, torch_us(torch, "layer"));
  bench_network(seconds, torch_us(torch, "network"));
  return 0;
}
