// How long do the learned-rounding methods take on ResNet-20, and what do they gain?
//
// usage: bench_adaround [THREADS [SAMPLES [METHOD,OPTION=VALUE,... ...]]]
// ResNet-20 with random weights and re-estimated norms, folded, weights in 4 bits (a scale a channel),
// activations in 8; smooth random 32x32 images. For each method: seconds and KL(float scores || scores),
// before and after, on the images it saw and on as many others.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "base/seed.hpp"
#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/fold.hpp"
#include "compress/posttrain/posttrain.hpp"
#include "compress/posttrain/reestimate.hpp"
#include "compress/quantize/calibrate_activations.hpp"
#include "compress/quantize/quantizer.hpp"
#include "learn/memory.hpp"
#include "zoo/architecture.hpp"

namespace {

using namespace tern;
using Clock = std::chrono::steady_clock;

/// Two octaves of noise: neighbouring pixels are alike, as in photographs.
compress::Samples make_images(std::int64_t count) {
  compress::Samples samples;
  for (std::int64_t done = 0; done < count; done += 64) {
    const at::Tensor coarse = at::upsample_bilinear2d(at::randn({64, 3, 4, 4}), {32, 32}, false);
    const at::Tensor fine = at::upsample_bilinear2d(at::randn({64, 3, 16, 16}), {32, 32}, false);
    samples.push_back({(coarse + 0.4 * fine).contiguous(at::MemoryFormat::ChannelsLast), at::full({64, 10}, 0.1), 1});
  }
  return samples;
}

learn::Model make_float_model(const compress::Samples& images) {
  learn::Model model(zoo::find_architecture("resnet20").build({}), 1);
  {
    const at::NoGradGuard no_grad;
    for (auto& [name, parameter] : model.parameters())
      if (parameter.role == net::ParameterRole::weight)
        parameter.latent.normal_(0, std::sqrt(2.0 * parameter.latent.size(0) / parameter.latent.numel()));
    model.parameter("fc", "weight").latent.mul_(4);  // scores as far apart as a trained network's
  }
  compress::reestimate_norms(model, images);
  return compress::fold_batch_norms(model);
}

learn::Model quantized(const learn::Model& source, const compress::Samples& images) {
  learn::Model model = source.clone_without_quantizers();
  std::map<std::string, int> widths;
  for (const auto& node : model.net().nodes())
    if (node.op == "conv2d" || node.op == "linear") widths[node.name] = 8;
  auto sites = compress::activation_sites(model.net(), widths, true);
  const auto ranges = compress::calibrate_activations(model, sites, images, "minmax");
  for (auto& site : sites) {
    const auto range = ranges.at(site.producer);
    site.scale = static_cast<float>(std::max(std::abs(range.low), range.high) / (site.is_signed ? 127 : 255));
  }
  model = compress::insert_activation_nodes(model, sites);
  for (const auto& name : model.weight_names()) {
    auto& parameter = model.parameters().at(name);
    compress::QuantizerOptions options;
    options.bits = 4;
    options.granularity = compress::parse_granularity("channel");
    parameter.quantizer = compress::make_quantizer("affine", options, parameter.masked());
  }
  return model;
}

}  // namespace

int main(int argc, char** argv) {
  at::set_num_threads(argc > 1 ? std::atoi(argv[1]) : 2);
  const std::int64_t count = argc > 2 ? std::atoll(argv[2]) : 512;
  std::vector<std::string> methods(argv + std::min(argc, 3), argv + argc);
  if (methods.empty()) methods = {"bias-correction", "adaround", "adaquant", "brecq", "qdrop"};
  learn::keep_freed_memory();
  at::manual_seed(1);
  const compress::Samples seen = make_images(count), other = make_images(count);
  const learn::Model source = make_float_model(seen);
  learn::Model twin = source.clone_without_quantizers();
  std::printf("resnet20, w4 a8, %lld samples, %d threads\n", static_cast<long long>(count), at::get_num_threads());
  for (const auto& text : methods) {
    learn::Model model = quantized(source, seen);
    compress::Options options(compress::posttrain_options());
    options.parse(text + ",keep-if-better=false", "posttrain");
    const auto weights = model.weight_names();
    compress::PosttrainCall call{model, weights, options, [&]() -> const compress::Samples& { return seen; },
                                 1,     false,   {}};
    const double before = compress::output_divergence(twin, model, other);
    const double before_seen = compress::output_divergence(twin, model, seen);
    const auto start = Clock::now();
    compress::run_posttrain(compress::find_posttrain(options.text("method")), call);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf("%-40s %7.1f s   KL seen %.4f -> %.4f   others %.4f -> %.4f\n", text.c_str(), seconds,
                before_seen, compress::output_divergence(twin, model, seen), before,
                compress::output_divergence(twin, model, other));
    if (std::getenv("BENCH_NOTES"))
      for (const auto& note : call.notes) std::printf("    %s\n", note.c_str());
    std::fflush(stdout);
  }
  return 0;
}
