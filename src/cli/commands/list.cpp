// tern list: every registry, as a table or as JSON.
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "compress/factorize/circulant.hpp"
#include "compress/factorize/factorization.hpp"
#include "compress/posttrain/posttrain.hpp"
#include "compress/prune/criterion.hpp"
#include "compress/prune/dynamics/dynamic_masks.hpp"
#include "compress/prune/dynamics/gated_pruning.hpp"
#include "compress/prune/dynamics/growth.hpp"
#include "compress/prune/scope.hpp"
#include "compress/prune/shape.hpp"
#include "compress/prune/sparsity_schedule.hpp"
#include "compress/quantize/activation_quantizer.hpp"
#include "compress/quantize/affine.hpp"
#include "compress/quantize/calibrator.hpp"
#include "compress/quantize/quantizer.hpp"
#include "compress/step_kind.hpp"
#include "compress/structure/channel_criterion.hpp"
#include "cost/encoding.hpp"
#include "data/dataset.hpp"
#include "data/graphs/graph_set.hpp"
#include "data/transform.hpp"
#include "formats/events/read_events.hpp"
#include "kernels/surrogate.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "net/op.hpp"
#include "pack/storage_encoding.hpp"
#include "train/graph/metrics.hpp"
#include "train/graph/procedures.hpp"
#include "train/learning_rate.hpp"
#include "train/optimizer.hpp"
#include "zoo/architecture.hpp"

namespace tern::cli {
namespace {

struct Kind {
  std::string name, summary;
  std::vector<MethodInfo> methods;
};

template <typename Table>
std::vector<MethodInfo> infos(const Table& table) {
  std::vector<MethodInfo> methods;
  for (const auto& row : table) {
    if constexpr (std::is_pointer_v<std::decay_t<decltype(row)>>) methods.push_back(row->info);
    else methods.push_back(row.info);
  }
  return methods;
}

std::vector<MethodInfo> factorizations() {
  std::vector<MethodInfo> methods = infos(compress::factorization_table());
  methods.push_back(compress::circulant_info());
  return methods;
}

/// A plan's steps with their options as parameters.
std::vector<MethodInfo> step_infos() {
  constexpr const char* types[] = {"float", "int", "bool", "string", "string"};
  std::vector<MethodInfo> methods;
  for (const auto* kind : compress::step_kind_table()) {
    MethodInfo info{kind->name, kind->summary, "", {}};
    for (const auto& option : kind->options()) {
      std::string range = fmt::format("{}", fmt::join(option.choices, "|"));
      if (option.min != option.max) range = fmt::format("{}..{}", option.min, option.max);
      info.parameters.push_back(
          {option.name, types[static_cast<int>(option.type)], option.fallback, range, option.summary});
    }
    methods.push_back(std::move(info));
  }
  return methods;
}

std::vector<Kind> all_kinds() {
  return {{"operations", "nodes of a Net", infos(net::op_table())},
          {"architectures", "networks of the zoo", infos(zoo::architecture_table())},
          {"surrogates", "gradients of a spike", infos(kernels::surrogate_table())},
          {"quantizers", "of weights", infos(compress::quantizer_table())},
          {"rounding-gradients", "what backward pretends about rounding", infos(compress::rounding_gradient_table())},
          {"activation-quantizers", "of what kernels read", infos(compress::activation_quantizer_table())},
          {"calibrators", "ranges from data", infos(compress::calibrator_table())},
          {"roundings", "of affine quantizers", infos(compress::rounding_table())},
          {"post-training", "better quantization without labels", infos(compress::posttrain_table())},
          {"criteria", "which weights to prune", infos(compress::criterion_table())},
          {"scopes", "how sparsity is shared between layers", infos(compress::scope_table())},
          {"mask-shapes", "which weights go together", infos(compress::mask_shape_table())},
          {"schedules", "how sparsity grows", infos(compress::sparsity_schedule_table())},
          {"growth", "sparse from the start to the end", infos(compress::growth_table())},
          {"dynamic-masks", "masks chosen anew while training", infos(compress::dynamic_mask_table())},
          {"gates", "trained factors that become masks", infos(compress::gated_pruning_table())},
          {"channel-criteria", "which channels to remove", infos(compress::channel_criterion_table())},
          {"factorizations", "kernels as products of smaller ones", factorizations()},
          {"steps", "what a plan is made of", step_infos()},
          {"optimizers", "", train::optimizer_table()},
          {"learning-rates", "schedules of the learning rate", train::learning_rate_table()},
          {"losses", "", infos(learn::loss_table())},
          {"data-sets", "", infos(data::data_set_table())},
          {"graph-data-sets", "", infos(data::graph_set_table())},
          {"procedures", "how graph networks are trained", infos(train::graph_procedure_table())},
          {"metrics", "what graph networks are scored by", infos(train::metric_table())},
          {"event-formats", "recordings that can be read", infos(formats::event_format_table())},
          {"transforms", "of events, before they are counted into frames", infos(data::transform_table())},
          {"storage-encodings", "of tensors in a .tern file: the smallest is taken",
           infos(pack::storage_encoding_table())},
          {"encodings", "sparse formats of the cost model", infos(cost::encoding_table())}};
}

nlohmann::ordered_json to_json(const MethodInfo& method) {
  nlohmann::ordered_json json{{"name", method.name}, {"summary", method.summary}, {"source", method.source}};
  json["parameters"] = nlohmann::ordered_json::array();
  for (const auto& p : method.parameters)
    json["parameters"].push_back(
        {{"name", p.name}, {"type", p.type}, {"default", p.fallback}, {"range", p.range}, {"summary", p.summary}});
  return json;
}

void print_json(const std::vector<Kind>& kinds) {
  nlohmann::ordered_json json;
  for (const auto& kind : kinds) {
    json[kind.name] = nlohmann::ordered_json::array();
    for (const auto& method : kind.methods) json[kind.name].push_back(to_json(method));
  }
  fmt::print("{}\n", json.dump(2));
}

void print_text(const std::vector<Kind>& kinds, bool with_parameters) {
  for (const auto& kind : kinds) {
    fmt::print("{}{}\n", kind.name, kind.summary.empty() ? "" : ": " + kind.summary);
    for (const auto& method : kind.methods) {
      fmt::print("  {:<18} {}{}\n", method.name, method.summary, method.source.empty() ? "" : "  [" + method.source + "]");
      if (!with_parameters) continue;
      for (const auto& p : method.parameters)
        fmt::print("      {} ({}{}{}): {}\n", p.name, p.type, p.fallback.empty() ? "" : ", default " + p.fallback,
                   p.range.empty() ? "" : ", " + p.range, p.summary);
    }
  }
}

}  // namespace

void add_list(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("list", "every method by name: what it is, its paper, its parameters");
  auto kind = std::make_shared<std::string>();
  command->add_option("KIND", *kind, "one kind only, with parameters: operations, quantizers, data-sets, ...");
  command->footer("Examples:\n  tern list\n  tern list operations\n  tern list --json");
  command->callback([&, kind] {
    action = [&, kind] {
      std::vector<Kind> kinds = all_kinds();
      if (!kind->empty()) {
        std::vector<std::string> known;
        std::vector<Kind> chosen;
        for (const auto& entry : kinds) {
          known.push_back(entry.name);
          if (entry.name == *kind) chosen.push_back(entry);
        }
        if (chosen.empty()) fail_unknown("kind", *kind, known);
        kinds = chosen;
      }
      globals.json ? print_json(kinds) : print_text(kinds, !kind->empty());
      return 0;
    };
  });
}

}  // namespace tern::cli
