#include "train/graph/l_gcn.hpp"

#include "base/error.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/layerwise.hpp"
#include "train/parallel/process_group.hpp"

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

void set_stopping(LayerwiseOptions& out, const MethodInfo& info, const GraphProcedureOptions& o) {
  out.stopping = parameter_text(info, o, "stopping");
  out.decide_every = static_cast<int>(parameter_int(info, o, "decide-every"));
  out.min_epochs = static_cast<int>(parameter_int(info, o, "min-epochs"));
  out.plateau.relative = parameter_float(info, o, "plateau-relative");
  out.plateau.decisions = static_cast<int>(parameter_int(info, o, "plateau-decisions"));
  ControllerOptions& controller = out.controller;
  controller.rounds = static_cast<int>(parameter_int(info, o, "rounds"));
  controller.sample_nodes = parameter_int(info, o, "sample-nodes");
  controller.epoch_cost = parameter_float(info, o, "epoch-cost");
  controller.learning_rate = parameter_float(info, o, "controller-rate");
  controller.entropy = parameter_float(info, o, "entropy");
  controller.step_heads = parameter_bool(info, o, "step-heads");
  controller.deployment = parameter_text(info, o, "deployment");
}

/// The layers' epochs in a row; validation and test are those of the whole network, thus of the last layer's.
std::vector<EpochResult> history_of(const LayerwiseResult& trained, double learning_rate) {
  std::vector<EpochResult> out;
  for (const LayerwiseLayer& layer : trained.layers) {
    const double each =
        (layer.seconds - layer.propagation_seconds) / static_cast<double>(layer.losses.size());
    for (std::size_t e = 0; e < layer.losses.size(); ++e) {
      EpochResult row;
      row.epoch = static_cast<int>(out.size()) + 1;
      row.train_loss = layer.losses[e];
      row.learning_rate = learning_rate;
      row.seconds = each + (e == 0 ? layer.propagation_seconds : 0);
      if (&layer == &trained.layers.back() && !layer.scores.empty()) {
        row.validation_accuracy = layer.scores[e].validation;
        row.validation_loss = layer.scores[e].validation_loss;
        row.test_accuracy = layer.scores[e].test;
      }
      out.push_back(row);
    }
  }
  return out;
}

LayerwiseOptions options_of(const MethodInfo& info, const GraphProcedureOptions& o,
                            const std::vector<at::Tensor*>& weights) {
  refuse(
      !o.plan.phases.empty(),
      "a plan cannot run on the way, for a layer is frozen before the next one begins: compress the trained "
      "network afterwards");
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
  out.scores = parameter_bool(info, o, "scores");
  out.group = o.group;
  if (o.group != nullptr && !out.scratch.empty()) {  // each process has files of its own
    out.scratch /= fmt::format("rank-{}", o.group->rank());
    std::filesystem::create_directories(out.scratch);
  }
  if (o.train.patience > 0) {
    refuse(info.name == "l2-gcn", "l2-gcn has a stopping rule of its own; --patience is for l-gcn");
    out.stopping = "validation";
    out.patience = o.train.patience;
  }
  if (info.name == "l2-gcn") set_stopping(out, info, o);
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
  result.history = history_of(trained, layerwise.learning_rate);
  for (std::size_t l = 0; l < trained.layers.size(); ++l)
    result.notes.push_back(fmt::format("layer {}: {} epochs, {:.3f} s, {:.3f} s of them propagation", l + 1,
                                       trained.layers[l].losses.size(), trained.layers[l].seconds,
                                       trained.layers[l].propagation_seconds));
  summarise(result);
  result.metric = data.multi_labels.empty() ? "accuracy" : "micro-f1";
  result.last = {trained.scores.validation, trained.scores.test};
  result.seconds = trained.training_seconds;
  if (trained.controller)
    result.notes.push_back(
        fmt::format("the controller was trained in {:.2f} s", trained.controller->seconds));
  if (!options.train.checkpoint.empty() && (options.group == nullptr || options.group->rank() == 0)) {
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
          {"scratch", "string", "", "a folder", "for features between layers; empty: memory"},
          {"scores", "bool", "false", "true|false",
           "validation and test after each epoch, as --patience has them; their time counts as evaluation"}};
}

std::vector<ParameterInfo> learned_parameters() {
  std::vector<ParameterInfo> out = shared_parameters();
  out.push_back({"stopping", "string", "controller", "controller|plateau|fixed", "who ends a layer"});
  out.push_back({"decide-every", "int", "10", ">= 1", "epochs between decisions"});
  out.push_back({"min-epochs", "int", "0", ">= 0", "of a layer before the first decision"});
  out.push_back({"plateau-relative", "float", "0.01", "0..1", "fall of the best loss that counts"});
  out.push_back({"plateau-decisions", "int", "2", ">= 1", "without one, in a row, end a layer"});
  out.push_back({"rounds", "int", "200", ">= 1", "that the controller learns from"});
  out.push_back({"sample-nodes", "int", "1024", ">= 1", "training nodes of a round's subgraph"});
  out.push_back({"epoch-cost", "float", "2e-3", ">= 0", "of each epoch, in units of the loss"});
  out.push_back({"controller-rate", "float", "0.02", "> 0", "its learning rate"});
  out.push_back({"entropy", "float", "0.1", ">= 0", "weight of the policy's entropy"});
  out.push_back({"step-heads", "bool", "true", "true|false", "an output layer for each place of a decision"});
  out.push_back(
      {"deployment", "string", "greedy", "greedy|sample|mean", "how probabilities become decisions"});
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
