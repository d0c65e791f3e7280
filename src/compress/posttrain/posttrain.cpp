#include "compress/posttrain/posttrain.hpp"

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "compress/posttrain/adaquant.hpp"
#include "compress/posttrain/bias_correction.hpp"
#include "compress/posttrain/cle.hpp"
#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/fold.hpp"
#include "compress/posttrain/model_snapshot.hpp"
#include "compress/posttrain/ocs.hpp"
#include "compress/posttrain/reconstruct.hpp"
#include "compress/posttrain/reestimate.hpp"
#include "compress/posttrain/zeroq.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Overwrites `value` where the option is given.
template <typename T>
void take(const Options& options, const char* name, T& value) {
  if (options.has(name)) value = static_cast<T>(options.number(name));
}

void note_errors(PosttrainCall& call, std::string_view method, const std::vector<LayerError>& errors) {
  for (const auto& layer : errors)
    call.notes.push_back(
        fmt::format("{} {}: output error {:.4g} -> {:.4g}", method, layer.node, layer.before, layer.after));
  if (errors.empty()) call.notes.push_back(fmt::format("{}: no layer that it can work on", method));
}

void run_cle(PosttrainCall& call) {
  if (const auto norms = foldable_norms(call.model, false); !norms.empty()) {
    call.model = fold_batch_norms(call.model);
    call.net_changed = true;
    call.notes.push_back(fmt::format("cle: folded {} batch norms first", norms.size()));
  }
  if (const std::string relu6 = blocking_relu6(call.model, call.weights); !relu6.empty()) {
    if (!call.options.flag("replace-relu6"))
      fail(ErrorKind::usage, "plan",
           "posttrain:cle: '{}' is a relu6, which is not homogeneous: leave the layers around it out "
           "(except=) or accept "
           "another function (replace-relu6)",
           relu6);
    call.model = replace_relu6(call.model);
    call.net_changed = true;
  }
  const auto pairs = equalizable_pairs(call.model, call.weights);
  EqualizeOptions options;
  take(call.options, "bias-limit", options.bias_limit);
  const int sweeps = equalize(call.model, pairs, options);
  const std::int64_t absorbed = call.options.flag("absorb") ? absorb_biases(call.model, pairs) : 0;
  call.notes.push_back(fmt::format("cle: {} pairs of layers equalized in {} sweeps, {} biases absorbed",
                                   pairs.size(), sweeps, absorbed));
}

void run_bias_correction(PosttrainCall& call) {
  call.net_changed = add_missing_biases(call.model, call.weights) || call.net_changed;
  note_errors(call, "bias-correction",
              call.options.flag("analytic") ? correct_biases_analytically(call.model, call.weights)
                                            : correct_biases(call.model, call.weights, call.samples()));
}

void run_adaround(PosttrainCall& call) {
  AdaRoundOptions options;
  take(call.options, "iterations", options.iterations);
  take(call.options, "rate", options.rate);
  take(call.options, "lambda", options.lambda);
  note_errors(call, "adaround", adaround(call.model, call.weights, split_samples(call.samples(), 64), options));
}

void run_adaquant(PosttrainCall& call) {
  AdaQuantOptions options;
  take(call.options, "iterations", options.iterations);
  take(call.options, "rate", options.rate);
  note_errors(call, "adaquant", adaquant(call.model, call.weights, split_samples(call.samples(), 64), options));
}

void run_reconstruction(PosttrainCall& call, std::string_view method, double drop) {
  ReconstructOptions options;
  options.drop = drop;
  options.seed = call.seed;
  take(call.options, "iterations", options.iterations);
  take(call.options, "batch", options.batch);
  take(call.options, "rate", options.rate);
  take(call.options, "lambda", options.lambda);
  if (drop > 0) take(call.options, "drop", options.drop);
  note_errors(call, method, reconstruct(call.model, call.weights, call.samples(), options));
}

void run_brecq(PosttrainCall& call) { run_reconstruction(call, "brecq", 0); }
void run_qdrop(PosttrainCall& call) { run_reconstruction(call, "qdrop", 0.5); }

void run_ocs(PosttrainCall& call) {
  OcsOptions options;
  take(call.options, "ratio", options.ratio);
  take(call.options, "bits", options.bits);
  const OcsResult result = split_outlier_channels(call.model, call.weights, options);
  call.model = result.model;
  call.net_changed = call.net_changed || !result.split.empty();
  for (const auto& text : result.split) call.notes.push_back("ocs " + text);
  for (const auto& text : result.refused) call.notes.push_back("ocs left " + text);
}

std::shared_ptr<const Samples> distill(const PosttrainCall& call) {
  ZeroqOptions options;
  take(call.options, "count", options.count);
  take(call.options, "batch", options.batch);
  if (call.options.text("method") == "zeroq") take(call.options, "iterations", options.iterations);
  return std::make_shared<const Samples>(distill_samples(call.model, options, call.seed));
}

void run_zeroq(PosttrainCall& call) {
  const auto images = distill(call);
  call.samples = [images]() -> const Samples& { return *images; };
  call.notes.push_back(fmt::format("zeroq: {} batches of images distilled; later steps of the phase use them",
                                   images->size()));
}

void run_reestimate(PosttrainCall& call) {
  const auto names = reestimate_norms(call.model, call.samples());
  call.notes.push_back(fmt::format("bn-reestimate: {} batch norms", names.size()));
}

const ParameterInfo iterations{"iterations", "int", "500", "> 0", "of Adam"};
const ParameterInfo rate{"rate", "float", "0.02", "> 0", "of Adam"};
const ParameterInfo lambda{"lambda", "float", "1", ">= 0", "weight of the regulariser"};
const ParameterInfo block_rate{"rate", "float", "0.05", "> 0", "of Adam"};
const ParameterInfo block_lambda{"lambda", "float", "0.1", ">= 0", "weight of the regulariser"};
const ParameterInfo batch{"batch", "int", "32", "> 0", "samples an iteration"};

}  // namespace

const std::vector<PosttrainRow>& posttrain_table() {
  static const std::vector<PosttrainRow> table{
      {{"cle", "equalizes weight ranges across layers and absorbs large biases; the function stays",
        "Nagel et al. 2019, DFQ",
        {{"absorb", "bool", "true", "", "moves large biases into the next layer"},
         {"bias-limit", "float", "4", "> 0", "largest growth of a layer's biases"},
         {"replace-relu6", "bool", "false", "", "relu6 becomes relu"}}},
       false, false, run_cle},
      {{"bias-correction", "takes quantization's shift of each channel's mean back", "Nagel et al. 2019, DFQ",
        {{"analytic", "bool", "false", "", "from batch norm statistics instead of samples"}}},
       true, true, run_bias_correction},
      {{"adaround", "learned rounding, layer by layer", "Nagel et al. 2020, AdaRound", {iterations, rate, lambda}},
       true, true, run_adaround},
      {{"brecq", "learned rounding, block by block, weighed by Fisher information", "Li et al. 2021, BRECQ",
        {iterations, batch, block_rate, block_lambda}},
       true, true, run_brecq},
      {{"qdrop", "brecq with activation quantization dropped at random", "Wei et al. 2022, QDrop",
        {iterations, batch, block_rate, block_lambda,
         {"drop", "float", "0.5", "0..1", "probability that an activation stays float"}}},
       true, true, run_qdrop},
      {{"adaquant", "weights, scales and biases fitted to each layer's output", "Hubara et al. 2020, AdaQuant",
        {iterations, rate}},
       true, true, run_adaquant},
      {{"ocs", "splits input channels with the largest weights", "Zhao et al. 2019, Outlier Channel Splitting",
        {{"ratio", "float", "0.02", "0..1", "channels to add"}, {"bits", "int", "4", "2..8", "width to come"}}},
       false, false, run_ocs},
      {{"zeroq", "makes calibration images from batch norm statistics, in place of data", "Cai et al. 2020, ZeroQ",
        {{"count", "int", "64", "> 0", "images"}, iterations, batch}},
       false, false, run_zeroq},
      {{"bn-reestimate", "takes the running statistics of batch norms anew",
        "Ioffe and Szegedy 2015, Batch Normalization, algorithm 2", {}},
       false, false, run_reestimate},
  };
  return table;
}

const PosttrainRow& find_posttrain(std::string_view name) {
  return find_method(posttrain_table(), "post-training method", name,
                     [](const PosttrainRow& row) -> const MethodInfo& { return row.info; }, "plan");
}

std::vector<OptionSpec> posttrain_options() {
  std::vector<std::string> methods;
  for (const auto& row : posttrain_table()) methods.push_back(row.info.name);
  std::vector<OptionSpec> options{
      {.name = "method",
       .type = OptionType::choice,
       .summary = "what is done",
       .choices = methods,
       .always_shown = true},
      {.name = "iterations",
       .type = OptionType::integer,
       .summary = "of Adam, a layer or block",
       .min = 1,
       .max = 1e6},
      {.name = "batch",
       .type = OptionType::integer,
       .summary = "samples an iteration",
       .min = 1,
       .max = 4096},
      {.name = "rate", .type = OptionType::number, .summary = "of Adam", .min = 1e-6, .max = 10},
      {.name = "lambda", .type = OptionType::number, .summary = "of the rounding regulariser", .max = 1e6},
      {.name = "drop",
       .type = OptionType::number,
       .summary = "qdrop: share of activations left float",
       .max = 1},
      {.name = "analytic", .type = OptionType::flag, .summary = "bias-correction: from norms, without data"},
      {.name = "absorb", .type = OptionType::flag, .fallback = "true", .summary = "cle: bias absorption"},
      {.name = "bias-limit",
       .type = OptionType::number,
       .summary = "cle: largest growth of biases",
       .min = 1e-3,
       .max = 1e6},
      {.name = "replace-relu6", .type = OptionType::flag, .summary = "cle: relu6 becomes relu"},
      {.name = "ratio", .type = OptionType::number, .summary = "ocs: input channels to add", .max = 1},
      {.name = "bits",
       .type = OptionType::integer,
       .summary = "ocs: width of weights to come",
       .min = 2,
       .max = 8},
      {.name = "count", .type = OptionType::integer, .summary = "images to distill", .min = 2, .max = 65536},
      {.name = "distill", .type = OptionType::flag, .summary = "zeroq's images instead of data"},
      {.name = "keep-if-better",
       .type = OptionType::flag,
       .fallback = "true",
       .summary = "undo it where the output moves away from the float network's"}};
  for (auto& option : layer_options()) options.push_back(option);
  return options;
}

void run_posttrain(const PosttrainRow& row, PosttrainCall& call) {
  const auto& parameters = call.model.parameters();
  const bool is_quantized = std::any_of(parameters.begin(), parameters.end(),
                                        [](const auto& entry) { return entry.second.quantizer != nullptr; });
  if (row.needs_quantizers && !is_quantized)
    fail(ErrorKind::usage, "plan", "posttrain:{} works on quantized weights: put a quantize step before it",
         row.info.name);
  if (call.options.flag("distill")) run_zeroq(call);
  if (!row.is_judged || !call.options.flag("keep-if-better")) return row.run(call);

  learn::Model twin = float_twin(call.model);
  const Samples samples = split_samples(call.samples(), 64);
  const double before = output_divergence(twin, call.model, samples);
  const ModelSnapshot snapshot(call.model);
  row.run(call);
  const double after = output_divergence(twin, call.model, samples);
  if (!(after > before)) {
    call.notes.push_back(
        fmt::format("{}: divergence from the float network {:.4g} -> {:.4g}", row.info.name, before, after));
    return;
  }
  snapshot.restore(call.model);
  call.net_changed = false;
  call.notes.push_back(fmt::format("{}: undone, divergence from the float network would grow, {:.4g} -> {:.4g}",
                                   row.info.name, before, after));
}

}  // namespace tern::compress
