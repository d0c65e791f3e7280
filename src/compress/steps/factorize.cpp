// factorize: layers become chains of cheaper ones.
#include "base/error.hpp"
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

std::vector<OptionSpec> factorize_options() {
  std::vector<std::string> methods;
  for (const auto& row : factorization_table()) methods.push_back(row.info.name);
  std::vector<OptionSpec> options{
      {.name = "method", .type = OptionType::choice, .fallback = "svd", .summary = "how a kernel is split", .choices = methods, .always_shown = true},
      {.name = "energy", .type = OptionType::number, .summary = "keep this share of the squared singular values", .min = 0.0001, .max = 1},
      {.name = "macs", .type = OptionType::number, .summary = "keep at most this fraction of the MACs", .min = 0.0001, .max = 1},
      {.name = "rank", .type = OptionType::integer, .summary = "the same rank everywhere", .min = 1, .max = 65536},
      {.name = "ranks", .type = OptionType::choice, .summary = "estimated ranks", .choices = {"evbmf"}}};
  for (auto& option : layer_options()) options.push_back(option);
  return options;
}

}  // namespace

const StepKind factorize{
    .name = "factorize",
    .summary = "splits kernels into chains of low rank",
    .options = factorize_options,
    .make = [](const Options& options) -> std::unique_ptr<Transform> { return std::make_unique<Factorize>(options); },
    .rank = 0};

}  // namespace tern::compress::steps
