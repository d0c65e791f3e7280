// fold: batch norms into the kernels before them.
#include "base/error.hpp"
#include "compress/posttrain/fold.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

class Fold : public Transform {
 public:
  explicit Fold(const Options& options) : spiking_(options.flag("spiking")) {}

  void check(const learn::Model& model) const override {
    if (!foldable_norms(model, spiking_).empty()) return;
    const bool would = !spiking_ && !foldable_norms(model, true).empty();
    fail(ErrorKind::usage, "plan", "fold: no batch_norm of this net folds into a kernel{}",
         would ? "; those in front of spiking neurons do with fold:spiking" : "");
  }

  bool wants_training() const override { return false; }

  void apply(TransformContext& context) override {
    const auto norms = foldable_norms(context.model, spiking_);
    context.model = fold_batch_norms(context.model, spiking_);
    context.net_changed = true;
    context.notes.push_back(fmt::format("fold: {} batch norms folded: {}", norms.size(), fmt::join(norms, ", ")));
  }

 private:
  bool spiking_;
};

std::vector<OptionSpec> fold_options() {
  return {{.name = "spiking",
           .type = OptionType::flag,
           .summary = "also norms that a spiking neuron computes inside itself"}};
}

}  // namespace

const StepKind fold{.name = "fold",
                    .summary = "batch norms become part of the kernels before them",
                    .options = fold_options,
                    .make = [](const Options& options) -> std::unique_ptr<Transform> {
                      return std::make_unique<Fold>(options);
                    },
                    .rank = 0};

}  // namespace tern::compress::steps
