#include "engine/layers/choose.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/error.hpp"

namespace tern::engine {
namespace {

/// Layers of equal text share their measurements.
std::string text_of(const LayerTask& task) {
  const kernels::ConvShape& s = task.shape;
  const EpilogueParts& e = task.epilogue;
  return fmt::format(
      "{} of {}x{} at {}/{} to {} of {}x{}, groups {} kernel {}x{} stride {}x{} pad {}x{} dilation {}x{}, {} {}..{}, {} bits, "
      "zeros {}/20, epilogue {}{}{}{}{}",
      s.ic, task.source_h, task.source_w, s.src_pixel, s.src_row, s.oc, s.out_h, s.out_w, s.groups, s.kernel_h, s.kernel_w,
      s.stride_h, s.stride_w, s.pad_h, s.pad_w, s.dilation_h, s.dilation_w, task.source == Form::bits ? "bits" : "codes",
      task.source_offset, task.source_largest, task.bits, static_cast<int>(task.zeros() * 20),
      e.residual_floats ? "residual-floats " : "", e.residual_codes ? "residual-codes " : "", e.floats ? "floats " : "",
      e.codes ? "codes " : "", task.cold_weight_bytes > 0 ? fmt::format("cold {} MB", task.cold_weight_bytes >> 20) : "warm");
}

/// A file may be older than the table.
bool can_choose(const std::vector<KernelTime>& times, const LayerTask& task) {
  return std::all_of(times.begin(), times.end(), [&](const KernelTime& time) {
    const auto kernel = std::find_if(layer_kernels().begin(), layer_kernels().end(),
                                     [&](const LayerKernel& k) { return k.name == time.kernel; });
    return kernel != layer_kernels().end() && kernel->suits(task);
  });
}

/// What the process knows.
class Memory {
 public:
  /// Also whether they were measured now.
  std::pair<std::vector<KernelTime>, bool> times_of(const LayerTask& task, const std::string& folder) {
    const std::string layer = text_of(task);
    const std::lock_guard lock(mutex_);  // also: no two measurements disturb each other
    Known& known = enter(folder);
    const auto found = known.times.find(layer);
    if (found != known.times.end() && can_choose(found->second, task)) return {found->second, false};
    known.unsaved = known.read;
    return {known.times.insert_or_assign(layer, measure_kernels(task)).first->second, true};
  }

  void save(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    const std::string place = measuring_place();
    Known& known = known_[place];
    if (known.unsaved.erase(folder) == 0) return;
    const std::filesystem::path file = choice_file(folder, place);
    try {
      KernelTimes all = known.times;
      all.merge(read_choices(file, place));  // other processes may have written since
      write_choices(file, place, all);
    } catch (const Error&) {
      // A cache that cannot be written costs the next start its measurements, no more.
    }
  }

  void forget() {
    const std::lock_guard lock(mutex_);
    known_.clear();
  }

 private:
  struct Known {
    KernelTimes times;
    std::set<std::string> read;     ///< folders
    std::set<std::string> unsaved;  ///< folders whose files lack some of `times`
  };

  Known& enter(const std::string& folder) {
    const std::string place = measuring_place();
    Known& known = known_[place];
    if (folder.empty() || !known.read.insert(folder).second) return known;
    KernelTimes kept = read_choices(choice_file(folder, place), place);
    for (const auto& [layer, times] : known.times)
      if (!kept.contains(layer)) known.unsaved.insert(folder);
    known.times.merge(kept);
    return known;
  }

  std::mutex mutex_;
  std::map<std::string, Known> known_;  ///< by measuring_place(): the instruction set can be forced
};

Memory& memory() {
  static Memory instance;
  return instance;
}

const LayerKernel& find_kernel(std::string_view name) {
  for (const auto& kernel : layer_kernels())
    if (kernel.name == name) return kernel;
  fail(ErrorKind::usage, "kernel", "unknown kernel '{}'", name);
}

}  // namespace

ChosenLayer choose_layer(const LayerTask& task, const Options& options) {
  const auto chosen = [&](const LayerKernel& kernel, std::vector<KernelTime> times, bool measured = false) {
    return ChosenLayer{kernel.make(task), std::string(kernel.name), std::move(times), measured};
  };
  if (!options.kernel.empty() && find_kernel(options.kernel).suits(task))
    return chosen(find_kernel(options.kernel), {});
  if (options.measure) {
    auto [times, measured] = memory().times_of(task, options.cache_folder);
    const LayerKernel& fastest = find_kernel(times.front().kernel);
    return chosen(fastest, std::move(times), measured);
  }
  for (const auto& kernel : layer_kernels())
    if (kernel.suits(task)) return chosen(kernel, {});
  return chosen(layers::plain, {});
}

void keep_choices(const Options& options) { memory().save(options.cache_folder); }

void forget_choices() { memory().forget(); }

}  // namespace tern::engine
