#include "train/graph/l_gcn.hpp"

#include "base/error.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/layerwise.hpp"

namespace tern::train {
namespace {

/// The published setting of Cora, epochs a layer.
void set_defaults(TrainOptions& options) {
  options.epochs = 80;
  options.batch_size = 256;
  options.optimizer = {.name = "adam", .weight_decay = 0};
  options.learning_rate = {.name = "constant", .base = 0.005, .warmup_share = 0};
}

void refuse(bool wrong, const char* what) {
  if (wrong) fail(ErrorKind::usage, "layer-wise training", "{}", what);
}

/// The tensor of each weight that layer-wise training makes, in order: W_1 .. W_L, Theta.
std::vector<at::Tensor*> weights_of(learn::Model& model) {
  std::vector<at::Tensor*> out;
  for (const net::Node& node : model.net().nodes()) {
    const bool known = node.op == "input" || node.op == "graph" || node.op == "propagate" ||
                       node.op == "linear" || node.op == "relu";
    refuse(!known, "the network must be the architecture l-gcn");
    if (node.op == "linear") out.push_back(&model.parameter(node.name, "weight").latent);
  }
  refuse(out.size() < 2 || model.parameters().size() != out.size(),
         "the network must be the architecture l-gcn");
  return out;
}

LayerwiseOptions options_of(const MethodInfo& info, const GraphProcedureOptions& o,
                            const std::vector<at::Tensor*>& weights) {
  refuse(!o.plan.phases.empty(), "a plan cannot run on the way: compress the trained network afterwards");
  refuse(o.train.optimizer.name != "adam" || o.train.optimizer.weight_decay > 0,
         "the optimizer is adam without decay");
  refuse(o.train.distillation > 0 || o.train.label_smoothing > 0, "neither distillation nor label smoothing");
  LayerwiseOptions out;
  out.layers = static_cast<int>(weights.size()) - 1;
  out.hidden = weights.front()->size(0);
  out.learning_rate = o.train.learning_rate.base;
  out.batch_rows = o.train.batch_size;
  out.epochs_per_layer = o.train.epochs;
  out.seed = o.train.seed;
  out.inductive = parameter_bool(info, o, "inductive");
  out.fresh_classifier_per_layer = parameter_bool(info, o, "fresh-classifier");
  out.scratch = parameter_text(info, o, "scratch");
  if (info.name == "l2-gcn") {
    out.stopping = parameter_text(info, o, "stopping");
    out.decide_every = static_cast<int>(parameter_int(info, o, "decide-every"));
    out.min_epochs = static_cast<int>(parameter_int(info, o, "min-epochs"));
    out.controller.rounds = static_cast<int>(parameter_int(info, o, "rounds"));
  }
  if (!o.train.checkpoint.empty()) out.checkpoint = o.train.checkpoint.parent_path() / "layers.safetensors";
  return out;
}

GraphRunResult train_layers(const MethodInfo& info, learn::Model& model, const graph::GraphData& data,
                            const GraphProcedureOptions& options) {
  const std::vector<at::Tensor*> weights = weights_of(model);
  const LayerwiseOptions layerwise = options_of(info, options, weights);
  if (data.splits.size() != 1)
    fail(ErrorKind::usage, "graph data", "{} splits, expected one", data.splits.size());
  const LayerwiseResult trained =
      train_layerwise(node_data(data, data.splits.front()), layerwise, options.progress);
  {
    const c10::NoGradGuard no_grad;
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i]->copy_(trained.weights.at(i));
  }
  GraphRunResult result;
  int epoch = 0;
  for (std::size_t l = 0; l < trained.layers.size(); ++l) {
    const LayerwiseLayer& layer = trained.layers[l];
    for (const double loss : layer.losses) {
      EpochResult row;
      row.epoch = ++epoch;
      row.train_loss = loss;
      row.learning_rate = layerwise.learning_rate;
      row.seconds = layer.seconds / static_cast<double>(layer.losses.size());
      result.history.push_back(row);
    }
    result.notes.push_back(fmt::format("layer {}: {} epochs", l + 1, layer.losses.size()));
  }
  summarise(result);
  result.metric = data.multi_labels.empty() ? "accuracy" : "micro-f1";
  result.last = {trained.scores.validation, trained.scores.test};
  result.seconds = trained.training_seconds;
  if (trained.controller)
    result.notes.push_back(
        fmt::format("the controller was trained in {:.2f} s", trained.controller->seconds));
  if (!options.train.checkpoint.empty()) {
    CheckpointInfo done;
    done.history = result.history;
    done.finished = true;
    save_checkpoint(options.train.checkpoint, model, nullptr, done);
  }
  return result;
}

constexpr const char* paper =
    "You et al. 2020, L2-GCN: layer-wise and learned efficient training of graph convolutional networks";

std::vector<ParameterInfo> shared_parameters() {
  return {{"inductive", "bool", "false", "true|false",
           "training sees only its own nodes and the edges between them"},
          {"fresh-classifier", "bool", "false", "true|false",
           "a new classifier and optimizer for each layer (PPI)"},
          {"scratch", "string", "", "a folder", "for features between layers; empty: memory"}};
}

std::vector<ParameterInfo> learned_parameters() {
  std::vector<ParameterInfo> out = shared_parameters();
  out.push_back({"stopping", "string", "controller", "controller|plateau|fixed", "who ends a layer"});
  out.push_back({"decide-every", "int", "10", ">= 1", "epochs between decisions"});
  out.push_back({"min-epochs", "int", "0", ">= 0", "of a layer before the first decision"});
  out.push_back({"rounds", "int", "200", ">= 1", "that the controller learns from"});
  return out;
}

}  // namespace

const GraphProcedure& l_gcn_procedure() {
  static const GraphProcedure procedure{
      {"l-gcn", "layer after layer on features that were propagated once", paper, shared_parameters()},
      [](learn::Model& model, const graph::GraphData& data, const GraphProcedureOptions& options) {
        return train_layers(l_gcn_procedure().info, model, data, options);
      },
      set_defaults};
  return procedure;
}

const GraphProcedure& l2_gcn_procedure() {
  static const GraphProcedure procedure{
      {"l2-gcn", "the same, with a learned rule that ends layers", paper, learned_parameters()},
      [](learn::Model& model, const graph::GraphData& data, const GraphProcedureOptions& options) {
        return train_layers(l2_gcn_procedure().info, model, data, options);
      },
      set_defaults};
  return procedure;
}

}  // namespace tern::train
