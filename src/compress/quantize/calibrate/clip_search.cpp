// percentile, mse and kl: one clip found in a histogram of magnitudes.
#include <algorithm>

#include "compress/quantize/affine.hpp"
#include "compress/quantize/calibrate/calibrators.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double percentile_share = 0.99999;

double clip_at_percentile(const MagnitudeCounts& counts, std::int64_t /*levels*/) {
  double total = counts.zeros;
  for (const double count : counts.bins) total += count;
  const double target = percentile_share * total;
  double seen = counts.zeros;
  if (seen >= target) return 0;
  for (std::size_t i = 0; i < counts.bins.size(); ++i) {
    const double count = counts.bins[i];
    if (seen + count >= target) return (static_cast<double>(i) + (target - seen) / count) * counts.width;
    seen += count;
  }
  return static_cast<double>(counts.bins.size()) * counts.width;
}

class ClipSearch : public Calibrator {
 public:
  using Search = double (*)(const MagnitudeCounts& counts, std::int64_t levels);
  explicit ClipSearch(Search search) : search_(search) {}

  void observe(const at::Tensor& values) override { histogram_.add(values); }

  CalibratedRange range(int bits, bool is_signed) const override {
    if (histogram_.range() == 0) return {};
    const double clip = search_(histogram_.magnitudes(is_signed), positive_levels(bits, is_signed));
    return {is_signed ? std::max(-clip, histogram_.min()) : 0.0, std::min(clip, histogram_.max())};
  }

 private:
  Search search_;
  Histogram histogram_;
};

}  // namespace

std::int64_t positive_levels(int bits, bool is_signed) {
  return std::max<std::int64_t>(1, code_range(bits, is_signed, false).high);
}

MethodInfo percentile_info() {
  return {"percentile", "99.999% quantile of magnitudes", "McKinstry et al. 2018", {}};
}
MethodInfo mse_info() { return {"mse", "least squared error of clipping and rounding", "Sung et al. 2015", {}}; }
MethodInfo kl_info() { return {"kl", "least Kullback-Leibler divergence of the histograms", "Migacz 2017", {}}; }
std::unique_ptr<Calibrator> make_percentile() { return std::make_unique<ClipSearch>(clip_at_percentile); }
std::unique_ptr<Calibrator> make_mse() { return std::make_unique<ClipSearch>(clip_of_least_error); }

/// At most 16 bins a level, as 2048 are for the 128 levels of the method's paper: with more, few levels fit a sliver of
/// the range perfectly and everything above is clipped.
MagnitudeCounts coarsened(const MagnitudeCounts& counts, std::int64_t levels) {
  const std::size_t most = static_cast<std::size_t>(16 * levels), count = counts.bins.size();
  const std::size_t factor = std::max<std::size_t>(1, count / most);
  MagnitudeCounts coarse{std::vector<double>((count + factor - 1) / factor), counts.width * static_cast<double>(factor),
                         counts.zeros};
  for (std::size_t i = 0; i < count; ++i) coarse.bins[i / factor] += counts.bins[i];
  return coarse;
}

std::unique_ptr<Calibrator> make_kl() {
  return std::make_unique<ClipSearch>([](const MagnitudeCounts& counts, std::int64_t levels) {
    return clip_of_least_divergence(coarsened(counts, levels), levels);
  });
}

}  // namespace tern::compress
