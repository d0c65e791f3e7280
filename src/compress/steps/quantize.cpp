// quantize: kernels in few bits.
#include "base/error.hpp"
#include "compress/quantize/quantizer.hpp"
#include "compress/select_layers.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

class Quantize : public Transform {
 public:
  explicit Quantize(const Options& options) : options_(options) {
    const QuantizerRow& row = find_quantizer(options.text("method"));
    const int bits = options.integer("w");
    if (bits < row.min_bits || bits > row.max_bits)
      fail(ErrorKind::usage, "plan", "quantize: {} takes {} to {} bits, got {}", row.info.name, row.min_bits, row.max_bits, bits);
  }

  void check(const learn::Model& model) const override { select_weights(model, options_); }

  void apply(TransformContext& context) override {
    const QuantizerOptions options{options_.integer("w"), find_rounding_gradient(options_.text("gradient")).kind};
    for (const auto& name : select_weights(context.model, options_)) {
      learn::Parameter& parameter = context.model.parameters().at(name);
      if (parameter.quantizer) continue;
      parameter.quantizer = make_quantizer(options_.text("method"), options, parameter.masked());
    }
  }

 private:
  Options options_;
};

std::vector<OptionSpec> quantize_options() {
  std::vector<std::string> methods, gradients;
  for (const auto& row : quantizer_table()) methods.push_back(row.info.name);
  for (const auto& row : rounding_gradient_table()) gradients.push_back(row.info.name);
  std::vector<OptionSpec> options{
      {.name = "w", .type = OptionType::integer, .fallback = "8", .summary = "bits a weight", .min = 1, .max = 16, .always_shown = true},
      {.name = "method", .type = OptionType::choice, .fallback = "duq", .summary = "quantizer", .choices = methods, .always_shown = true},
      {.name = "gradient", .type = OptionType::choice, .fallback = "ewgs", .summary = "of rounding", .choices = gradients, .always_shown = true}};
  for (auto& option : layer_options()) options.push_back(option);
  return options;
}

}  // namespace

const StepKind quantize{.name = "quantize",
                        .summary = "weights and activations in few bits",
                        .options = quantize_options,
                        .make = [](const Options& options) -> std::unique_ptr<Transform> { return std::make_unique<Quantize>(options); },
                        .rank = 2};

}  // namespace tern::compress::steps
