#include "base/threads.hpp"
#include "engine/graph/graph_step.hpp"
#include "kernels/graph/spmm.hpp"

namespace tern::engine {
namespace {

/// dst = M x (+ x eps) (+ bias), in the order of training.
class PropagateStep final : public GraphStep {
 public:
  explicit PropagateStep(const BuildContext& context)
      : normalisation_(graph::normalisation_named(context.rules.text("normalisation"))),
        lambda_(context.rules.real("lambda")), eps_(static_cast<float>(context.rules.real("eps"))) {
    if (context.rules.flag("train_eps")) eps_ = context.values("eps")[0] + eps_;
    if (context.rules.flag("bias")) bias_ = context.values("bias");
  }

  Rows run(GraphRun& run, const std::vector<const Rows*>& src) const override {
    const graph::Scales& scales = run.scales(normalisation_, lambda_);
    const auto pointer = [](const std::vector<float>& values) { return values.empty() ? nullptr : values.data(); };
    const Rows& x = *src[0];
    Rows dst(x.count, x.width);
    kernels::spmm(run.edges(), x.width, x.data(), dst.data(), {pointer(scales.row), pointer(scales.column), pointer(scales.self)});
    if (eps_ == 0 && bias_.empty()) return dst;
    parallel_for(x.count, 1024, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first * x.width; i < last * x.width; i += x.width)
        for (std::int64_t k = 0; k < x.width; ++k) {
          float& value = dst.data()[i + k];
          if (eps_ != 0) value += x.data()[i + k] * eps_;
          if (!bias_.empty()) value += bias_[static_cast<std::size_t>(k)];
        }
    });
    return dst;
  }

 private:
  graph::Normalisation normalisation_;
  double lambda_;
  float eps_;
  std::vector<float> bias_;
};

/// One row a graph.
class ReadoutStep final : public GraphStep {
 public:
  explicit ReadoutStep(const BuildContext& context) : reduce_(context.rules.text("reduce")) {}

  Rows run(GraphRun& run, const std::vector<const Rows*>& src) const override {
    const Rows& x = *src[0];
    Rows dst(run.num_graphs(), x.width);
    const std::int64_t whole[] = {0, x.count};
    const std::span<const std::int64_t> offsets = run.input().offsets.empty() ? std::span(whole) : run.input().offsets;
    for (std::int64_t g = 0; g < dst.count; ++g)
      reduce(x, offsets[static_cast<std::size_t>(g)], offsets[static_cast<std::size_t>(g) + 1], dst.data() + g * x.width);
    return dst;
  }

 private:
  /// A graph without nodes gives zeros.
  void reduce(const Rows& x, std::int64_t first, std::int64_t last, float* dst) const {
    for (std::int64_t i = first; i < last; ++i)
      for (std::int64_t k = 0; k < x.width; ++k) {
        const float value = x.data()[i * x.width + k];
        if (reduce_ == "max") dst[k] = i == first || value > dst[k] ? value : dst[k];
        else dst[k] += value;
      }
    if (reduce_ != "mean") return;
    const auto count = static_cast<float>(std::max<std::int64_t>(1, last - first));
    for (std::int64_t k = 0; k < x.width; ++k) dst[k] /= count;
  }

  std::string reduce_;
};

}  // namespace

std::unique_ptr<GraphStep> make_propagate_step(const BuildContext& context) {
  auto step = std::make_unique<PropagateStep>(context);
  step->facts.kernel = "spmm";
  return step;
}

std::unique_ptr<GraphStep> make_readout_step(const BuildContext& context) {
  auto step = std::make_unique<ReadoutStep>(context);
  step->facts.kernel = "readout";
  return step;
}

}  // namespace tern::engine
