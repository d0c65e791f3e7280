// factorize: layers become chains of cheaper ones, or block-circulant.
#include "base/error.hpp"
#include "compress/factorize/circulant.hpp"
#include "compress/factorize/factorize.hpp"
#include "compress/select_layers.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

class Factorize : public Transform {
 public:
  explicit Factorize(const Options& options) : options_(options) {
    if (options.has("energy") + options.has("macs") + options.has("rank") + options.has("ranks") != 1)
      fail(ErrorKind::usage, "plan",
           "factorize needs one rule for its ranks: factorize:svd,macs=0.5 (or energy=0.9, rank=8, evbmf)");
    factorization_.method = options.text("method");
    factorization_.rule = options.has("energy") ? RankRule::energy
                          : options.has("macs") ? RankRule::macs
                          : options.has("rank") ? RankRule::fixed
                                                : RankRule::evbmf;
    if (!options.has("ranks"))
      factorization_.target = options.number(options.has("energy") ? "energy" : options.has("macs") ? "macs" : "rank");
  }

  void check(const learn::Model& model) const override { select_weights(model, options_); }

  void apply(TransformContext& context) override {
    Factorization factorization = factorization_;
    if (options_.has("only") || options_.has("except")) factorization.weights = select_weights(context.model, options_);
    Factorized result = compress::factorize(context.model, factorization);
    context.model = std::move(result.model);
    context.net_changed = true;
    context.notes.insert(context.notes.end(), result.notes.begin(), result.notes.end());
  }

 private:
  Options options_;
  Factorization factorization_;
};

/// Kernels become block-circulant and stay so throughout the phase: gradients are projected too, which gives all weights
/// of a cyclic diagonal the same step, and each step starts with a projection that takes rounding away.
/// out * in / block values of each kernel (times its places) are free. The Net keeps its shape: kernels run and are stored
/// dense, with these values repeated. Later phases move the weights freely: join their steps with '+' to hold the blocks.
class Circulant : public Transform {
 public:
  explicit Circulant(const Options& options) : options_(options), block_(options.integer("block")) {}

  void check(const learn::Model& model) const override { weights(model); }
  bool is_due(std::int64_t, std::int64_t) const override { return true; }
  bool watches_gradients() const override { return true; }

  void apply(TransformContext& context) override {
    project(context.model);
    if (context.step > 0) return;
    context.reset_optimizer = true;
    for (const auto& name : weights(context.model)) {
      const std::int64_t count = context.model.parameters().at(name).latent.numel();
      context.notes.push_back(fmt::format("{}: blocks of {}, {} free values of {}", name, block_, count / block_, count));
    }
  }

  void after_backward(TransformContext& context) override {
    for (const auto& name : weights(context.model)) {
      at::Tensor& gradient = context.model.parameters().at(name).latent.mutable_grad();
      if (gradient.defined()) gradient = nearest_block_circulant(gradient, block_);
    }
  }

  void finish(TransformContext& context) override { project(context.model); }

 private:
  std::vector<std::string> weights(const learn::Model& model) const {
    return circulant_weights(model, select_weights(model, options_), block_);
  }

  void project(learn::Model& model) const {
    const c10::NoGradGuard no_grad;
    for (const auto& name : weights(model)) {
      at::Tensor& latent = model.parameters().at(name).latent;
      latent.copy_(nearest_block_circulant(latent, block_));
    }
  }

  Options options_;
  std::int64_t block_;
};

std::unique_ptr<Transform> make_factorize(const Options& options) {
  const bool is_circulant = options.text("method") == "circulant";
  if (is_circulant != options.has("block"))
    fail(ErrorKind::usage, "plan", "factorize: circulant and block= go together: factorize:circulant,block=8");
  if (!is_circulant) return std::make_unique<Factorize>(options);
  for (const char* rule : {"energy", "macs", "rank", "ranks"})
    if (options.has(rule)) fail(ErrorKind::usage, "plan", "factorize: circulant has no ranks, so no {}", rule);
  return std::make_unique<Circulant>(options);
}

std::vector<OptionSpec> factorize_options() {
  std::vector<std::string> methods;
  for (const auto& row : factorization_table()) methods.push_back(row.info.name);
  methods.emplace_back("circulant");
  std::vector<OptionSpec> options{
      {.name = "method", .type = OptionType::choice, .fallback = "svd", .summary = "how a kernel is split", .choices = methods, .always_shown = true},
      {.name = "energy", .type = OptionType::number, .summary = "keep this share of the squared singular values", .min = 0.0001, .max = 1},
      {.name = "macs", .type = OptionType::number, .summary = "keep at most this fraction of the MACs", .min = 0.0001, .max = 1},
      {.name = "rank", .type = OptionType::integer, .summary = "the same rank everywhere", .min = 1, .max = 65536},
      {.name = "ranks", .type = OptionType::choice, .summary = "estimated ranks", .choices = {"evbmf"}},
      {.name = "block", .type = OptionType::integer, .summary = "channels of a circulant block", .min = 2, .max = 1024}};
  for (auto& option : layer_options()) options.push_back(option);
  return options;
}

}  // namespace

const StepKind factorize{
    .name = "factorize",
    .summary = "splits kernels into chains of low rank, or ties them in circulant blocks",
    .options = factorize_options,
    .make = make_factorize,
    .rank = 0};

}  // namespace tern::compress::steps
