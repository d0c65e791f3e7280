#include "engine/graph/graph_program.hpp"

#include <algorithm>
#include <cmath>

#include "engine/graph/graph_step.hpp"
#include "engine/guarded.hpp"
#include "engine/plan/code_grid.hpp"
#include "engine/plan/integer_layer.hpp"
#include "net/quantized_source.hpp"

namespace tern::engine {
namespace {

/// Whether features of which most are zero reach `name` as they are.
bool carries_input(const net::Net& net, const std::string& name) {
  const net::Node* node = &net.node(name);
  while (node->op == "dropout") node = &net.node(node->inputs[0]);
  return node->op == "input";
}

bool is_integer_linear(const pack::PackedModel& model, const net::Node& node) {
  if (node.op != "linear" || !has_integer_weights(model.tensors.at(node.name + ".weight"))) return false;
  const net::Node* quantize = net::quantized_source(model.net, node.inputs[0]);
  return quantize != nullptr && code_grid(model, *quantize).has_value();
}

/// Whether every reader of a quantize node takes its codes itself, so that the node has nothing to do.
bool is_absorbed(const pack::PackedModel& model, const net::Node& node) {
  if (node.op != "quantize" && node.op != "dropout") return false;
  if (net::quantized_source(model.net, node.name) == nullptr) return false;
  const auto readers = model.net.readers(node.name);
  return !readers.empty() && std::all_of(readers.begin(), readers.end(), [&](const net::Node* reader) {
    return is_integer_linear(model, *reader) || is_absorbed(model, *reader);
  });
}

struct PlannedStep {
  std::string name;
  std::unique_ptr<GraphStep> dense;
  std::unique_ptr<GraphStep> sparse;  ///< in its place where the source is sparse; null: the source is made dense
  std::vector<std::size_t> sources;   ///< places of values
  std::size_t value = 0;
};

}  // namespace

struct GraphProgram::State {
  State(const pack::PackedModel& model, const Options& options) : net(model.net), metadata(model.metadata) {
    if (net.nodes().empty()) fail(ErrorKind::usage, "net '" + net.name() + "'", "the Net has no nodes");
    pack::check_model(model);
    const net::TensorType& input = net.type(net.input().name);
    if (input.has_time || input.shape.size() != 1)
      fail(ErrorKind::unsupported, "node '" + net.input().name + "'",
           "a graph network takes one row of features a node, not {}", net::to_string(input));
    for (const auto& node : net.nodes()) plan(model, node, options);
    for (std::size_t i = 0; i < steps.size(); ++i)
      for (const auto source : steps[i].sources) last_reader[source] = i;
    last_reader[values.at(net.output().name)] = steps.size();
  }

  void plan(const pack::PackedModel& model, const net::Node& node, const Options& options) {
    const auto same_as = [&](const std::string& source) { values[node.name] = values.at(source); };
    if (node.op == "input") {
      values[node.name] = new_value();
      return;
    }
    if (node.op == "graph") {
      if (net.context(node).integer("edges") > 0) edge_factors = pack::dequantize(model.tensors.at(node.name + ".factor"));
      return;
    }
    if (node.op == "dropout" || is_absorbed(model, node)) return same_as(node.inputs[0]);
    const BuildContext context{node, net.context(node), net.type(node.name), model};
    PlannedStep step{.name = node.name, .dense = nullptr, .sparse = nullptr, .sources = {}};
    const net::Node* quantize = node.op == "linear" ? net::quantized_source(net, node.inputs[0]) : nullptr;
    if (is_integer_linear(model, node)) {
      step.dense = make_integer_linear_step(context, *quantize, options);
      step.sources = {values.at(quantize->inputs[0])};
    } else {
      if (node.op == "propagate") step.dense = make_propagate_step(context);
      else if (node.op == "graph_attention") step.dense = make_attention_step(context);
      else if (node.op == "graph_readout") step.dense = make_readout_step(context);
      else step.dense = make_row_step(context);
      if (node.op == "linear" && carries_input(net, node.inputs[0])) step.sparse = make_sparse_linear_step(context);
      for (const auto& source : node.inputs)
        if (net.type(source).kind == net::Kind::tensor) step.sources.push_back(values.at(source));
    }
    step.dense->facts.nodes = quantize && step.sources[0] == values.at(quantize->inputs[0]) && quantize->inputs[0] != node.inputs[0]
                                  ? quantize->name + " + " + node.name
                                  : node.name;
    step.value = values[node.name] = new_value();
    steps.push_back(std::move(step));
  }

  std::size_t new_value() {
    last_reader.push_back(0);
    return last_reader.size() - 1;
  }

  void check(const GraphInput& input) const {
    const std::string place = "net '" + net.name() + "'";
    if (input.graph == nullptr) fail(ErrorKind::usage, place, "no graph was given");
    const std::int64_t nodes = input.graph->num_nodes(), features = net.type(net.input().name).shape[0];
    if (input.sparse ? input.sparse->rows != nodes || input.sparse->columns != features || !input.features.empty()
                     : static_cast<std::int64_t>(input.features.size()) != nodes * features)
      fail(ErrorKind::usage, place, "expected features [{}, {}], got {}", nodes, features,
           input.sparse ? fmt::format("[{}, {}]", input.sparse->rows, input.sparse->columns)
                        : fmt::format("{} values", input.features.size()));
    if (!edge_factors.empty() && static_cast<std::int64_t>(edge_factors.size()) != input.graph->num_edges())
      fail(ErrorKind::usage, place, "it has factors for the {} edges of its own graph, got {} edges", edge_factors.size(),
           input.graph->num_edges());
    if (input.sparse) graph::check(*input.sparse, place);
    const auto& offsets = input.offsets;
    if (!offsets.empty() && (offsets.front() != 0 || offsets.back() != nodes || !std::is_sorted(offsets.begin(), offsets.end())))
      fail(ErrorKind::usage, place, "the offsets of graphs must rise from 0 to {} nodes", nodes);
    const auto finite = [](float x) { return std::isfinite(x); };
    if (!std::all_of(input.features.begin(), input.features.end(), finite))
      fail(ErrorKind::usage, place, "a feature is not a finite number");
  }

  std::vector<float> run(const GraphInput& input) const {
    check(input);
    std::vector<Rows> rows(last_reader.size());
    Rows& first = rows[values.at(net.input().name)];
    first.count = input.graph->num_nodes();
    first.width = net.type(net.input().name).shape[0];
    first.given = input.features.data();
    first.sparse = input.sparse;
    GraphRun state(input, edge_factors);
    std::vector<const Rows*> sources;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const PlannedStep& step = steps[i];
      const bool on_sparse = step.sparse && rows[step.sources[0]].sparse != nullptr;
      sources.clear();
      for (const auto source : step.sources) {
        if (!on_sparse) make_dense(rows[source]);
        sources.push_back(&rows[source]);
      }
      rows[step.value] = (on_sparse ? step.sparse : step.dense)->run(state, sources);
      for (const auto source : step.sources)
        if (last_reader[source] == i) rows[source] = Rows();
    }
    Rows& last = rows[values.at(net.output().name)];
    make_dense(last);
    return {last.data(), last.data() + last.count * last.width};
  }

  static void make_dense(Rows& rows) {
    if (rows.sparse == nullptr) return;
    rows.storage = graph::to_dense(*rows.sparse);
    rows.given = rows.storage.data();
    rows.sparse = nullptr;
  }

  net::Net net;
  std::map<std::string, std::string> metadata;
  std::vector<PlannedStep> steps;
  std::map<std::string, std::size_t> values;  ///< of a node: where its rows lie
  std::vector<float> edge_factors;            ///< of the one graph that the net is for; empty: any graph
  std::vector<std::size_t> last_reader;       ///< of a value: the step after which nobody reads it
};

Result<GraphProgram> GraphProgram::load(const std::string& path, const Options& options) {
  return guarded<GraphProgram>(EngineErrorKind::bad_model, [&]() -> Result<GraphProgram> {
    return GraphProgram(std::make_shared<const State>(pack::read_model(path), options));
  });
}

Result<GraphProgram> GraphProgram::from(const pack::PackedModel& model, const Options& options) {
  return guarded<GraphProgram>(EngineErrorKind::bad_model, [&]() -> Result<GraphProgram> {
    return GraphProgram(std::make_shared<const State>(model, options));
  });
}

Result<std::vector<float>> GraphProgram::run(const GraphInput& input) const {
  return guarded<std::vector<float>>(EngineErrorKind::bad_input, [&]() -> Result<std::vector<float>> { return state_->run(input); });
}

PlanDescription GraphProgram::describe() const {
  PlanDescription plan;
  for (const auto& step : state_->steps) {
    plan.steps.push_back(step.dense->facts);
    plan.weight_bytes += step.dense->facts.weight_bytes;
  }
  return plan;
}

const net::Net& GraphProgram::net() const { return state_->net; }
const std::map<std::string, std::string>& GraphProgram::metadata() const { return state_->metadata; }

}  // namespace tern::engine
