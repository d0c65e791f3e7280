// Operations that work on each row by itself: those of the engine's table, on all nodes as one batch.
#include "base/threads.hpp"
#include "engine/graph/graph_step.hpp"

namespace tern::engine {
namespace {

class RowStep final : public GraphStep {
 public:
  RowStep(const BuildContext& context, std::unique_ptr<Operation> operation)
      : operation_(std::move(operation)), width_(net::num_elements(context.dst.shape)) {}

  Rows run(GraphRun&, const std::vector<const Rows*>& src) const override {
    const std::int64_t count = src[0]->count;
    Rows dst(count, width_);
    constexpr std::int64_t least_rows = 1024;
    parallel_for(count, least_rows, [&](std::int64_t first, std::int64_t last) {
      std::vector<const float*> sources;
      for (const Rows* rows : src) sources.push_back(rows->data() + first * rows->width);
      operation_->run({1, last - first}, sources, dst.data() + first * width_);
    });
    return dst;
  }

 private:
  std::unique_ptr<Operation> operation_;
  std::int64_t width_;
};

}  // namespace

std::unique_ptr<GraphStep> make_row_step(const BuildContext& context) {
  auto step = std::make_unique<RowStep>(context, find_operation(context.node.op, context.node.name).make(context));
  step->facts.kernel = "rows";
  return step;
}

}  // namespace tern::engine
