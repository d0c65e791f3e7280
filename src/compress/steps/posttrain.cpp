// posttrain: one post-training method.
#include <algorithm>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "compress/posttrain/posttrain.hpp"
#include "compress/select_layers.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

class Posttrain : public Transform {
 public:
  explicit Posttrain(const Options& options) : options_(options) {
    if (!options.has("method"))
      fail(ErrorKind::usage, "plan", "posttrain needs a method, as in posttrain:adaround");
  }

  void check(const learn::Model& model) const override { select_weights(model, options_); }

  bool wants_training() const override { return false; }

  /// Statistics are taken of what training leaves; all else acts before it.
  void apply(TransformContext& context) override {
    if (!waits_for_training(context)) act(context);
  }
  void finish(TransformContext& context) override {
    if (waits_for_training(context)) act(context);
  }

 private:
  bool waits_for_training(const TransformContext& context) const {
    return context.num_steps > 0 && options_.text("method") == "bn-reestimate";
  }

  void act(TransformContext& context) {
    const PosttrainRow& row = find_posttrain(options_.text("method"));
    const auto weights = select_weights(context.model, options_);
    const std::uint64_t seed = derive_seed(context.seed, row.info.name);
    PosttrainCall call{context.model, weights, options_, context.samples, seed, false, {}};
    run_posttrain(row, call);
    context.samples = call.samples;
    context.net_changed = context.net_changed || call.net_changed;
    context.reset_optimizer = true;
    context.notes.insert(context.notes.end(), call.notes.begin(), call.notes.end());
  }

  Options options_;
};

}  // namespace

const StepKind posttrain{
    .name = "posttrain",
    .summary = "improves a network without training it: equalization, learned rounding, corrections",
    .options = posttrain_options,
    .make = [](const Options& options) -> std::unique_ptr<Transform> { return std::make_unique<Posttrain>(options); },
    .rank = 3,
    .gives_samples = [](const Options& options) { return options.has("method") && options.text("method") == "zeroq"; },
    .key = [](const Options& options) { return "posttrain:" + options.text("method"); }};

}  // namespace tern::compress::steps
