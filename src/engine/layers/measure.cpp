#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>

#include "base/seed.hpp"
#include "engine/layers/choose.hpp"

namespace tern::engine {
namespace {

using Clock = std::chrono::steady_clock;

/// A frame to measure on: random codes, or spikes at a twentieth of the places.
class Sample {
 public:
  explicit Sample(const LayerTask& task) {
    const kernels::ConvShape& s = task.shape;
    const std::int64_t rows = (s.out_h - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
    const std::int64_t element = task.source == Form::bits ? 8 : 1;
    const auto size = static_cast<std::size_t>(rows * s.src_row * element);
    memory_.resize(size + 2 * Storage::slack + 64);
    begin_ = Storage::slack + (64 - reinterpret_cast<std::uintptr_t>(memory_.data()) % 64) % 64;
    Rng rng(1);
    if (task.source == Form::codes)
      for (std::size_t i = 0; i < size; ++i)
        memory_[begin_ + i] =
            static_cast<std::uint8_t>(rng.below(static_cast<std::uint64_t>(task.source_largest) + 1));
    else
      for (std::int64_t pixel = 0; pixel < rows * s.src_row / s.src_pixel; ++pixel)
        for (std::int64_t c = 0; c < s.ic; ++c)
          if (rng.uniform() < 0.05) set(pixel * s.src_pixel * 64 + c);
    if (task.cold_weight_bytes > 0)
      others_.assign(std::min(static_cast<std::size_t>(task.cold_weight_bytes) + evicting, most_evicting), 1);
    begin_ += static_cast<std::size_t>((s.pad_h * s.src_row + s.pad_w * s.src_pixel) * element);
    const auto outputs = static_cast<std::size_t>(s.out_h * s.out_w * s.oc) + 64;
    codes_.resize(outputs);
    if (task.epilogue.floats) floats_.resize(outputs);
    if (task.epilogue.residual_floats) residual_.resize(outputs);
    if (task.epilogue.residual_codes) residual_codes_.resize(outputs);
    constants_.assign(static_cast<std::size_t>((s.oc + kernels::epilogue_block)), 0.01F);
  }

  const void* src() const { return memory_.data() + begin_; }
  /// Reads as much else as a run of the network does, so that weights leave the nearer caches, then the source again.
  void evict() {
    std::uint8_t sum = 0;
    for (const auto* bytes : {&others_, &memory_})
      for (std::size_t i = 0; i < bytes->size(); i += 64) sum = static_cast<std::uint8_t>(sum + (*bytes)[i]);
    *const_cast<volatile std::uint8_t*>(codes_.data()) = sum;
  }
  kernels::Epilogue epilogue(const LayerTask& task) {
    const kernels::ConvShape& s = task.shape;
    kernels::Epilogue e;
    e.channels = s.oc;
    e.scale = constants_.data();
    e.bias = constants_.data();
    e.clamp = true;
    e.clamp_high = INFINITY;
    if (task.epilogue.codes) e.codes = {codes_.data(), s.oc, s.oc * s.out_w};
    if (task.epilogue.floats) e.floats = {floats_.data(), s.oc, s.oc * s.out_w};
    if (task.epilogue.residual_floats) e.residual = {residual_.data(), s.oc, s.oc * s.out_w};
    if (task.epilogue.residual_codes) e.residual_codes = {residual_codes_.data(), s.oc, s.oc * s.out_w};
    return e;
  }

 private:
  void set(std::int64_t bit) {
    std::uint8_t& byte = memory_[begin_ + static_cast<std::size_t>(bit / 8)];
    byte = static_cast<std::uint8_t>(byte | 1U << (bit % 8));
  }

  static constexpr std::size_t evicting = 2 << 20, most_evicting = 12 << 20;

  std::vector<std::uint8_t> memory_, others_;
  std::size_t begin_ = 0;  ///< of the frame, then of its element (0, 0)
  std::vector<float> constants_, floats_, residual_;
  std::vector<std::uint8_t> codes_, residual_codes_;
};

/// Least time of a frame; at least 3 runs and a quarter of a millisecond, or as many as take five with what lies between
/// them.
double microseconds(const Layer& layer, const LayerTask& task, Sample& sample) {
  std::vector<std::byte> scratch(layer.scratch_bytes() + 64);
  void* aligned = scratch.data();
  std::size_t space = scratch.size();
  std::align(64, layer.scratch_bytes(), aligned, space);
  const kernels::Epilogue epilogue = sample.epilogue(task);
  double least = INFINITY, total = 0;
  const auto begin = Clock::now();
  const auto is_late = [&] { return Clock::now() - begin > std::chrono::milliseconds(5); };
  for (int run = 0; run < 3 || (total < 250 && run < 100 && !is_late()); ++run) {
    if (task.cold_weight_bytes > 0) sample.evict();
    const auto start = Clock::now();
    layer.run(sample.src(), epilogue, 0, task.shape.out_h, aligned);
    const double time = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    least = std::min(least, time);
    total += time;
  }
  return least;
}

}  // namespace

std::vector<KernelTime> measure_kernels(const LayerTask& task) {
  std::vector<KernelTime> times;
  std::vector<std::unique_ptr<Layer>> candidates;
  Sample sample(task);
  for (const auto& kernel : layer_kernels()) {
    const bool is_plain = kernel.name == layers::plain.name;
    if (!kernel.suits(task) || (is_plain && !times.empty())) continue;  // nothing is slower than plain
    candidates.push_back(kernel.make(task));
    times.push_back({std::string(kernel.name), INFINITY});
  }
  // Kernels take turns, so that a disturbance of a millisecond does not fall on one alone, and those that are clearly
  // slower than another leave: successive halving (Karnin, Koren and Somekh 2013), with bounds in place of halves.
  constexpr double doubt[] = {1.0, 0.4, 0.2, 0.1, 0.08, 0.06, 0.05, 0.04};  // a share of the least time, by round
  std::vector<std::size_t> left(times.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (const double share : doubt) {
    double least = INFINITY;
    for (const std::size_t i : left) {
      times[i].microseconds = std::min(times[i].microseconds, microseconds(*candidates[i], task, sample));
      least = std::min(least, times[i].microseconds);
    }
    std::erase_if(left, [&](std::size_t i) { return times[i].microseconds > least * (1 + share); });
    if (left.size() < 2) break;
  }
  std::vector<std::size_t> order(times.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return times[a].microseconds < times[b].microseconds; });
  constexpr std::size_t many_bytes = 512 << 10;
  if (task.cold_weight_bytes > 0 && candidates[order[0]]->weight_bytes() > many_bytes) {
    // How long these take to come depends on what else uses the last cache, by more than this share: the fewest bytes.
    constexpr double equal_share = 1.08;
    const double least = times[order[0]].microseconds;
    const auto end = std::find_if(order.begin(), order.end(),
                                  [&](std::size_t i) { return times[i].microseconds > equal_share * least; });
    const auto lightest = std::min_element(order.begin(), end, [&](std::size_t a, std::size_t b) {
      return candidates[a]->weight_bytes() < candidates[b]->weight_bytes();
    });
    std::rotate(order.begin(), lightest, lightest + 1);
  }
  std::vector<KernelTime> sorted;
  for (const std::size_t i : order) sorted.push_back(times[i]);
  return sorted;
}

}  // namespace tern::engine
