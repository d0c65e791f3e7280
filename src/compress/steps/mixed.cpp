// mixed: each layer in the width that its curvature asks for, within a budget.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "compress/mixed/accelerator_costs.hpp"
#include "compress/mixed/assign.hpp"
#include "compress/select_layers.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

bool is_replaced(std::string_view option) { return option == "w" || option == "first" || option == "last"; }

std::vector<int> parse_widths(std::string_view text) {
  std::vector<int> widths;
  const std::string copy(text);
  for (const char* at = copy.c_str();; ++at) {
    char* end = nullptr;
    const long width = std::strtol(at, &end, 10);
    if (end == at || (*end != ';' && *end != '\0') || width < 1 || width > 16)
      fail(ErrorKind::usage, "plan", "mixed: bits= takes widths from 1 to 16 joined by ';', got '{}'", text);
    widths.push_back(static_cast<int>(width));
    at = end;
    if (*at == '\0') break;
  }
  std::sort(widths.begin(), widths.end());
  widths.erase(std::unique(widths.begin(), widths.end()), widths.end());
  return widths;
}

using Candidates = std::map<std::string, std::vector<std::shared_ptr<learn::WeightQuantizer>>>;

class Mixed : public Transform {
 public:
  explicit Mixed(const Options& options) : options_(options), widths_(parse_widths(options.text("bits"))) {
    const auto given = std::count_if(std::begin(limits), std::end(limits),
                                     [&](const Limit& limit) { return options_.has(limit.option); });
    if (given != 1) fail(ErrorKind::usage, "plan", "mixed needs one limit: mixed:size=0.1 (or bops=0.5, energy=0.6, cycles=0.6)");
    const Limit& limit = *std::find_if(std::begin(limits), std::end(limits),
                                       [&](const Limit& row) { return options_.has(row.option); });
    limited_ = limit.option;
    limit_ = parse_cost_limit(options_.text(limit.option), limit.unit, limit.option);
    if (on_accelerator() != options_.has("hardware"))
      fail(ErrorKind::usage, "plan", "mixed: energy= and cycles= need the accelerator, hardware=FILE.yaml, and no other limit does");
    if (on_accelerator()) accelerator_ = cost::read_accelerator(options_.text("hardware"));
    for (const int width : widths_) quantize_step(width, false);
    if (has_activations()) quantize_step(32, true);
  }

  void check(const learn::Model& model) const override {
    const auto names = open_weights(model);
    if (!limits_size()) return;
    const CostTable table = size_costs(model, names, widths_);
    check_budget(table, budget_of(table, limit_));
  }

  bool wants_training() const override { return !options_.flag("untrained"); }

  void apply(TransformContext& context) override {
    const auto names = open_weights(context.model);
    if (names.empty()) return;
    const auto traces = hessian_traces(context.model, names, context.samples(), context.loss,
                                       options_.integer("probes"), derive_seed(context.seed, "mixed"));
    if (has_activations()) quantize_step(32, true)->apply(context);
    const Candidates candidates = make_candidates(context.model, names);
    std::vector<LayerSensitivity> layers;
    for (const auto& name : names)
      layers.push_back(measure(context.model.parameters().at(name), name, traces.at(name), candidates.at(name)));
    const CostTable table = costs(context, names);
    const std::int64_t budget = budget_of(table, limit_);
    const BitAssignment assignment = assign_bits(layers, table, budget);
    for (std::size_t l = 0; l < names.size(); ++l) {
      context.model.parameters().at(names[l]).quantizer = candidates.at(names[l])[assignment.choices[l]];
      context.notes.push_back(describe(layers[l], assignment.choices[l], traces.at(names[l]), table));
    }
    context.notes.push_back(fmt::format("mixed: {:.6g}{} of {:.6g}{}, sensitivity {:.4g}",
                                        static_cast<double>(assignment.cost) / table.costs_per_unit, table.unit,
                                        static_cast<double>(budget) / table.costs_per_unit, table.unit,
                                        assignment.sensitivity));
  }

 private:
  struct Limit {
    const char *option, *unit;
  };
  static constexpr Limit limits[] = {{"size", "B"}, {"bops", "G"}, {"energy", "uJ"}, {"cycles", "cycles"}};

  bool limits_size() const { return limited_ == "size"; }
  bool on_accelerator() const { return limited_ == "energy" || limited_ == "cycles"; }

  CostTable costs(TransformContext& context, const std::vector<std::string>& names) const {
    if (limits_size()) return size_costs(context.model, names, widths_);
    if (!on_accelerator()) return bit_operation_costs(context.model, names, widths_);
    return accelerator_costs(context.model, names, widths_, context.samples(), *accelerator_,
                             limited_ == "energy" ? AcceleratorCost::energy : AcceleratorCost::cycles);
  }

  bool has_activations() const { return options_.has("a") && options_.integer("a") != 32; }

  /// Selected weights that have no quantizer yet.
  std::vector<std::string> open_weights(const learn::Model& model) const {
    auto names = select_weights(model, options_);
    std::erase_if(names, [&](const std::string& name) { return model.parameters().at(name).quantizer != nullptr; });
    return names;
  }

  /// The step `quantize` with this width and the same options otherwise.
  std::unique_ptr<Transform> quantize_step(int width, bool activations) const {
    std::string text = fmt::format("w={}", width);
    for (const auto& spec : quantize.options())
      if (!is_replaced(spec.name) && (activations || spec.name != "a") && options_.has(spec.name))
        text += fmt::format(",{}={}", spec.name, options_.text(spec.name));
    Options options(quantize.options());
    options.parse(text, "mixed");
    return quantize.make(options);
  }

  /// One quantizer for each width, made by `quantize`; the weights stay without.
  Candidates make_candidates(learn::Model& model, const std::vector<std::string>& names) const {
    Candidates candidates;
    for (const int width : widths_) {
      TransformContext scratch{model};
      quantize_step(width, false)->apply(scratch);
      for (const auto& name : names) candidates[name].push_back(std::move(model.parameters().at(name).quantizer));
    }
    return candidates;
  }

  static LayerSensitivity measure(const learn::Parameter& parameter, const std::string& name, const TraceEstimate& trace,
                                  const std::vector<std::shared_ptr<learn::WeightQuantizer>>& quantizers) {
    const std::int64_t kept =
        parameter.mask.defined() ? parameter.mask.count_nonzero().item<std::int64_t>() : parameter.latent.numel();
    LayerSensitivity layer{name, {}};
    for (const auto& quantizer : quantizers)
      layer.of_choices.push_back(sensitivity_of(trace, kept, quantization_error(parameter, *quantizer)));
    return layer;
  }

  std::string describe(const LayerSensitivity& layer, std::size_t choice, const TraceEstimate& trace,
                       const CostTable& table) const {
    std::vector<std::string> sensitivities;
    for (std::size_t k = 0; k < widths_.size(); ++k)
      sensitivities.push_back(fmt::format("{:.3g} at {}", layer.of_choices[k], widths_[k]));
    return fmt::format("{}: {} bits, {} (trace {:.3g} ± {:.2g}; sensitivity {}; {:.6g}{})", layer.name, widths_[choice],
                       options_.text("method"), trace.trace, trace.standard_error, fmt::join(sensitivities, ", "),
                       static_cast<double>(table.costs.at(layer.name)[choice]) / table.costs_per_unit, table.unit);
  }

  Options options_;
  std::vector<int> widths_;
  std::string limited_;  ///< the option that limits
  CostLimit limit_;
  std::optional<cost::Accelerator> accelerator_;
};

std::vector<OptionSpec> mixed_options() {
  std::vector<OptionSpec> options{
      {.name = "bits", .fallback = "2;4;8", .summary = "widths to choose from, joined by ';'", .always_shown = true},
      {.name = "size", .summary = "of all kernels: a fraction of floats, or bytes"},
      {.name = "bops", .summary = "MACs x weight bits x activation bits of a step: a fraction of 8x8, or 10^9 (2.5, 0.3G)"},
      {.name = "energy", .summary = "of a sample on hardware=: a fraction of 8-bit weights, or microjoules (20uJ)"},
      {.name = "cycles", .summary = "of a sample on hardware=: a fraction of 8-bit weights, or a number (50000cycles)"},
      {.name = "hardware", .summary = "accelerator description that energy= and cycles= are of"},
      {.name = "probes", .type = OptionType::integer, .fallback = "32", .summary = "draws for the Hessian's traces",
       .min = 1, .max = 100000}};
  for (auto& option : quantize.options())
    if (!is_replaced(option.name)) options.push_back(option);
  return options;
}

}  // namespace

const StepKind mixed{
    .name = "mixed",
    .summary = "quantizes each layer in a width of its own, chosen by the Hessian's trace within a budget",
    .options = mixed_options,
    .make = [](const Options& options) -> std::unique_ptr<Transform> { return std::make_unique<Mixed>(options); },
    .rank = 2,
    .key = [](const Options& options) {
      return fmt::format("quantize only={} except={}", options.text("only"), options.text("except"));
    }};

}  // namespace tern::compress::steps
