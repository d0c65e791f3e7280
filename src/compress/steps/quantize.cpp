// quantize: weights and activations in few bits.
#include <algorithm>

#include "base/error.hpp"
#include "compress/quantize/activation_quantizer.hpp"
#include "compress/quantize/calibrate_activations.hpp"
#include "compress/quantize/insert.hpp"
#include "compress/quantize/quantizer.hpp"
#include "compress/select_layers.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

constexpr int float_bits = 32;

/// Parameters that the step itself has, or that it reads by another name.
bool is_common(std::string_view parameter) {
  for (const std::string_view name : {"w", "gradient", "per", "calibrator", "scale", "rounding", "narrow"})
    if (parameter == name) return true;
  return false;
}

class Quantize : public Transform {
 public:
  explicit Quantize(const Options& options) : options_(options), row_(find_quantizer(options.text("method"))) {
    const int bits = options_.integer("w");
    if (bits != float_bits && (bits < row_.min_bits || bits > row_.max_bits))
      fail(ErrorKind::usage, "plan", "quantize: {} takes {} to {} bits, got {}", row_.info.name, row_.min_bits,
           row_.max_bits, bits);
    for (const char* end : {"w", "first", "last"})
      if (options_.has(end) && options_.integer(end) != float_bits) check_quantizer_options(row_, weights(options_.integer(end)));
    find_calibrator(options_.text("calibrator"));
    find_activation_quantizer(activation_method());
    if (options_.flag("again") && !(options_.text("only").empty() && options_.text("except").empty()))
      fail(ErrorKind::usage, "plan", "quantize: again is for the whole network, without only= and except=");
    if (bits == float_bits && !has_activations())
      fail(ErrorKind::usage, "plan", "quantize: w=32 leaves weights as they are; give a= as well");
  }

  void check(const learn::Model& model) const override { select_weights(model, options_); }
  bool wants_training() const override { return !options_.flag("untrained"); }

  void apply(TransformContext& context) override {
    if (options_.flag("again")) forget_quantizers(context);
    if (has_activations()) quantize_activations(context);
    for (const auto& [name, bits] : bits_of_weights(context.model, options_.integer("w"))) {
      learn::Parameter& parameter = context.model.parameters().at(name);
      if (bits == float_bits || parameter.quantizer) continue;
      parameter.quantizer = make_quantizer(row_.info.name, weights(bits), parameter.masked());
      context.notes.push_back(fmt::format("{}: {} bits, {}", name, bits, row_.info.name));
    }
  }

 private:
  /// Latents, masks and norms stay: the next quantizers start from them as from a trained network of floats.
  static void forget_quantizers(TransformContext& context) {
    for (const auto& name : context.model.weight_names()) context.model.parameters().at(name).quantizer = nullptr;
    const auto& nodes = context.model.net().nodes();
    if (std::none_of(nodes.begin(), nodes.end(), [](const net::Node& node) { return node.op == "quantize"; })) return;
    context.model = remove_activation_nodes(context.model);
    context.net_changed = true;
  }

  bool has_activations() const { return options_.has("a") && options_.integer("a") != float_bits; }

  RoundingGradient gradient() const { return find_rounding_gradient(options_.text("gradient")).kind; }

  QuantizerOptions weights(int bits) const {
    QuantizerOptions result;
    result.bits = bits;
    result.gradient = gradient();
    result.granularity = parse_granularity(options_.text("per"));
    result.calibrator = options_.text("weight_calibrator");
    result.scale = find_scale_kind(options_.text("scale"));
    result.rounding = find_rounding(options_.text("rounding")).rounding;
    if (options_.has("narrow")) result.narrow = options_.integer("narrow") != 0;
    for (const auto& parameter : row_.info.parameters)
      if (!is_common(parameter.name) && options_.has(parameter.name))
        result.extra[parameter.name] = options_.text(parameter.name);
    if (options_.has("noise")) result.extra["noise"] = options_.text("noise");
    if (options_.flag("stochastic")) result.extra["stochastic"] = "1";
    return result;
  }

  /// The method's own, or its paper's; those that quantize weights only are joined by LSQ.
  std::string activation_method() const {
    if (options_.has("activation")) return options_.text("activation");
    const std::string& method = row_.info.name;
    for (const auto& row : activation_quantizer_table())
      if (row.info.name == method) return method;
    return method == "sawb" ? "pact" : "lsq";
  }

  /// Weight names with their widths: `bits`, or what first= and last= say for the Net's first and last weights.
  std::map<std::string, int> bits_of_weights(const learn::Model& model, int bits) const {
    const std::vector<std::string> all = model.weight_names();
    std::map<std::string, int> result;
    for (const auto& name : select_weights(model, options_)) {
      result[name] = bits;
      if (name == all.front() && options_.has("first")) result[name] = options_.integer("first");
      if (name == all.back() && options_.has("last")) result[name] = options_.integer("last");
    }
    return result;
  }

  std::vector<ActivationSite> find_sites(const learn::Model& model, const InputGrid& input) const {
    std::map<std::string, int> bits;
    for (const auto& [name, width] : bits_of_weights(model, options_.integer("a"))) bits[std::string(node_of(name))] = width;
    if (options_.has("messages"))
      for (const auto& node : model.net().nodes())
        if (node.op == "propagate") bits[node.name] = options_.integer("messages");
    std::vector<ActivationSite> sites = activation_sites(model.net(), bits, input.is_signed, options_.integer("input"),
                                                         options_.has("shortcut") ? options_.integer("shortcut") : 0);
    for (auto& site : sites)
      if (site.producer == model.net().input().name) site.scale = input.scale;
    return sites;
  }

  void quantize_activations(TransformContext& context) const {
    const Samples& samples = context.samples();
    if (samples.empty()) fail(ErrorKind::usage, "plan", "quantize: a= needs data to calibrate ranges");
    const InputGrid input = find_input_grid(samples, options_.integer("input"));
    const std::vector<ActivationSite> sites = find_sites(context.model, input);
    const auto ranges = calibrate_activations(context.model, sites, samples, options_.text("calibrator"));
    const std::vector<ActivationSite> shortcuts = shortcuts_of(sites);
    const auto shortcut_ranges = calibrate_activations(context.model, shortcuts, samples, options_.text("calibrator"));
    if (!sites.empty()) {
      context.model = insert_activation_nodes(context.model, sites);
      context.net_changed = true;
    }
    for (const auto& site : sites) {
      const std::string node = quantize_node_behind(context.model.net(), site.producer);
      const auto shortcut = shortcut_ranges.find(site.producer);
      if (shortcut == shortcut_ranges.end()) {
        attach(context, node, site, ranges.at(site.producer));
        continue;
      }
      attach(context, node, {.bits = site.shortcut_bits, .is_signed = site.is_signed}, shortcut->second);
      attach(context, quantize_node_behind(context.model.net(), node), site, ranges.at(site.producer));
    }
    for (const auto& name : kernels_of_float_input(context.model.net()))
      context.notes.push_back(fmt::format("{}: its input stays in floats", name));
  }

  /// The sites whose shortcuts have codes of their own, with those codes' bits.
  static std::vector<ActivationSite> shortcuts_of(std::vector<ActivationSite> sites) {
    std::erase_if(sites, [](const ActivationSite& site) {
      return site.shortcut_bits == 0 || site.shortcut_bits == float_bits;
    });
    for (auto& site : sites) site.bits = site.shortcut_bits;
    return sites;
  }

  /// The input's grid is the data's, which nothing trains.
  void attach(TransformContext& context, const std::string& node, const ActivationSite& site, CalibratedRange range) const {
    const std::string width = fmt::format("{}: {} bits {}", node, site.bits, site.is_signed ? "signed" : "unsigned");
    if (site.producer == context.model.net().input().name) {
      context.notes.push_back(fmt::format("{}, step {:.6g} (the data's)", width, site.scale));
      return;
    }
    const auto quantizer = make_activation_quantizer(activation_method(), {site.bits, site.is_signed, gradient()}, range);
    context.model.activation_quantizers()[node] = quantizer;
    const c10::NoGradGuard no_grad;
    const learn::AffineRange affine = quantizer->affine();
    context.model.parameter(node, "scale").latent.fill_(affine.scale);
    context.model.parameter(node, "zero_point").latent.fill_(static_cast<double>(affine.zero_point));
    context.notes.push_back(fmt::format("{}, {}, observed {:.4g} to {:.4g}", width, quantizer->name(), range.low, range.high));
  }

  Options options_;
  const QuantizerRow& row_;
};

OptionType type_of(const ParameterInfo& parameter) {
  if (parameter.type == "int") return OptionType::integer;
  return parameter.type == "float" ? OptionType::number : OptionType::text;
}

std::vector<OptionSpec> quantize_options() {
  std::vector<std::string> methods, gradients;
  for (const auto& row : quantizer_table()) methods.push_back(row.info.name);
  for (const auto& row : rounding_gradient_table()) gradients.push_back(row.info.name);
  std::vector<OptionSpec> options{
      {.name = "w", .type = OptionType::integer, .fallback = "8", .summary = "bits a weight; 32: floats", .min = 1,
       .max = 32, .always_shown = true},
      {.name = "a", .type = OptionType::integer, .summary = "bits an activation that a kernel reads; unset: floats",
       .min = 1, .max = 32},
      {.name = "method", .type = OptionType::choice, .fallback = "duq", .summary = "quantizer of weights",
       .choices = methods, .always_shown = true},
      {.name = "gradient", .type = OptionType::choice, .fallback = "ewgs", .summary = "of rounding",
       .choices = gradients, .always_shown = true},
      {.name = "activation", .summary = "quantizer of activations; unset: the method's own"},
      {.name = "per", .fallback = "tensor", .summary = "weights that share a scale: tensor, channel, group:N"},
      {.name = "first", .type = OptionType::integer, .summary = "bits of the first weights and their input; 32: floats",
       .min = 1, .max = 32},
      {.name = "last", .type = OptionType::integer, .summary = "bits of the last weights and their input; 32: floats",
       .min = 1, .max = 32},
      {.name = "input", .type = OptionType::integer, .fallback = "8", .summary = "bits of the network's input", .min = 1,
       .max = 16},
      {.name = "messages", .type = OptionType::integer,
       .summary = "bits of what nodes of a graph send each other; unset: floats", .min = 2, .max = 16},
      {.name = "shortcut", .type = OptionType::integer,
       .summary = "bits of what others than kernels read (sums); unset: what the kernels read; 32: floats", .min = 2, .max = 32},
      {.name = "calibrator", .fallback = "mse", .summary = "range of activations: minmax, ema, percentile, mse, kl"},
      {.name = "weight_calibrator", .fallback = "minmax", .summary = "range of affine weights: minmax, percentile, mse"},
      {.name = "scale", .fallback = "float", .summary = "of affine weights: float, po2, dyadic"},
      {.name = "rounding", .fallback = "half-even", .summary = "of affine weights"},
      {.name = "narrow", .type = OptionType::integer, .summary = "1: without the smallest weight code", .max = 1},
      {.name = "noise", .type = OptionType::number, .summary = "share of the weights that are quantized in a training step", .min = 0.01, .max = 1},
      {.name = "stochastic", .type = OptionType::flag, .fallback = "false", .summary = "random rounding in training: unbiased"},
      {.name = "again", .type = OptionType::flag, .fallback = "false",
       .summary = "quantizes what an earlier phase quantized anew, from the latents: progressive quantization"},
      {.name = "untrained", .type = OptionType::flag, .fallback = "false", .summary = "no epochs for this step"}};
  for (const auto& row : quantizer_table())
    for (const auto& parameter : row.info.parameters) {
      const bool known = is_common(parameter.name) ||
                         std::any_of(options.begin(), options.end(),
                                     [&](const OptionSpec& entry) { return entry.name == parameter.name; });
      if (!known) options.push_back({.name = parameter.name, .type = type_of(parameter), .summary = parameter.summary});
    }
  for (auto& option : layer_options()) options.push_back(option);
  return options;
}

std::unique_ptr<Transform> make_quantize(const Options& options) { return std::make_unique<Quantize>(options); }

/// One step for each choice of layers, and any number that begin again.
std::string quantize_key(const Options& options) {
  if (options.flag("again")) return "quantize " + options.canonical();
  return fmt::format("quantize only={} except={}", options.text("only"), options.text("except"));
}

}  // namespace

const StepKind quantize{.name = "quantize",
                        .summary = "weights and activations in few bits",
                        .options = quantize_options,
                        .make = make_quantize,
                        .rank = 2,
                        .key = quantize_key};

}  // namespace tern::compress::steps
