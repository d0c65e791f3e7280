// Attention over neighbours, row by row: nothing of the size of the edges is kept.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/threads.hpp"
#include "engine/graph/graph_step.hpp"

namespace tern::engine {
namespace {

class AttentionStep final : public GraphStep {
 public:
  explicit AttentionStep(const BuildContext& context)
      : heads_(context.rules.integer("heads")), features_(context.src().shape[0] / heads_),
        mean_(context.rules.flag("mean_heads")), slope_(static_cast<float>(context.rules.real("negative_slope"))),
        source_(context.values("source")), target_(context.values("target")) {
    if (context.rules.flag("bias")) bias_ = context.values("bias");
  }

  Rows run(GraphRun& run, const std::vector<const Rows*>& src) const override {
    const Rows& x = *src[0];
    const std::vector<float> target = scores(x, target_), source = scores(x, source_);
    Rows dst(x.count, mean_ ? features_ : x.width);
    parallel_for(x.count, 64, [&](std::int64_t first, std::int64_t last) {
      std::vector<float> weights, sums(static_cast<std::size_t>(features_));
      for (std::int64_t u = first; u < last; ++u) {
        float* const row = dst.data() + u * dst.width;
        for (std::int64_t head = 0; head < heads_; ++head) {
          attend(run, x, target, source, u, head, weights, sums);
          for (std::int64_t k = 0; k < features_; ++k) {
            if (mean_) row[k] += sums[static_cast<std::size_t>(k)] / static_cast<float>(heads_);
            else row[head * features_ + k] = sums[static_cast<std::size_t>(k)];
          }
        }
        for (std::size_t k = 0; k < bias_.size(); ++k) row[k] += bias_[k];
      }
    });
    return dst;
  }

 private:
  /// [rows, heads]
  std::vector<float> scores(const Rows& x, const std::vector<float>& projection) const {
    std::vector<float> out(static_cast<std::size_t>(x.count * heads_));
    for (std::int64_t i = 0; i < x.count; ++i)
      for (std::int64_t head = 0; head < heads_; ++head) {
        float sum = 0;
        for (std::int64_t k = head * features_; k < (head + 1) * features_; ++k)
          sum += x.data()[i * x.width + k] * projection[static_cast<std::size_t>(k)];
        out[static_cast<std::size_t>(i * heads_ + head)] = sum;
      }
    return out;
  }

  /// Sums of one node and head. A self loop is the node's own edge; where there is none, it takes part with weight 1.
  void attend(const GraphRun& run, const Rows& x, const std::vector<float>& target, const std::vector<float>& source,
              std::int64_t u, std::int64_t head, std::vector<float>& weights, std::vector<float>& sums) const {
    const graph::Graph& graph = *run.input().graph;
    const auto neighbours = graph.neighbours(u);
    const bool has_loop = std::find(neighbours.begin(), neighbours.end(), static_cast<std::int32_t>(u)) != neighbours.end();
    const std::size_t count = neighbours.size() + (has_loop ? 0 : 1);
    const auto node = [&](std::size_t i) { return i < neighbours.size() ? static_cast<std::int64_t>(neighbours[i]) : u; };
    weights.resize(count);
    float largest = -std::numeric_limits<float>::infinity(), total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const float sum = target[static_cast<std::size_t>(u * heads_ + head)] + source[static_cast<std::size_t>(node(i) * heads_ + head)];
      weights[i] = sum > 0 ? sum : slope_ * sum;
      largest = std::max(largest, weights[i]);
    }
    for (float& weight : weights) total += weight = std::exp(weight - largest);
    std::fill(sums.begin(), sums.end(), 0.0F);
    const auto first_edge = static_cast<std::size_t>(graph.rowptr()[static_cast<std::size_t>(u)]);
    for (std::size_t i = 0; i < count; ++i) {
      float weight = weights[i] / total;
      if (!run.edge_factors().empty() && i < neighbours.size()) weight *= run.edge_factors()[first_edge + i];
      const float* const row = x.data() + node(i) * x.width + head * features_;
      for (std::int64_t k = 0; k < features_; ++k) sums[static_cast<std::size_t>(k)] += weight * row[k];
    }
  }

  std::int64_t heads_, features_;
  bool mean_;
  float slope_;
  std::vector<float> source_, target_, bias_;
};

}  // namespace

std::unique_ptr<GraphStep> make_attention_step(const BuildContext& context) {
  auto step = std::make_unique<AttentionStep>(context);
  step->facts.kernel = "attention";
  return step;
}

}  // namespace tern::engine
