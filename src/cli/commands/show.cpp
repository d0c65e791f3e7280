// tern show: a network's operations, shapes, parameters and work.
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/layer_table.hpp"
#include "cli/model_source.hpp"
#include "cli/storage_table.hpp"
#include "learn/packed.hpp"
#include "learn/torch.hpp"

namespace tern::cli {
namespace {

pack::PackedModel packed_of(const ModelSource& source) {
  return source.packed ? *source.packed : learn::to_packed(*source.model);
}

void print_text(const ModelSource& source) {
  fmt::print("{}", net::summary(source.net));
  if (!source.model) return;
  fmt::print("\n{}\n{}", layer_table(*source.model), storage_table(packed_of(source)));
}

void print_json(const ModelSource& source) {
  const net::NetTotals totals = net::totals(source.net);
  nlohmann::ordered_json json{{"kind", source.kind},
                              {"weights", totals.weights},
                              {"parameters", totals.parameters},
                              {"macs_per_step", totals.macs_per_step},
                              {"net", nlohmann::ordered_json::parse(net::to_json(source.net))}};
  if (source.model) {
    json["layers"] = layers_to_json(*source.model);
    json["storage"] = storage_to_json(packed_of(source));
  }
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

void add_show(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("show", "a network: operations, shapes, parameters, MACs; bits, zeros and stored bytes of its weights");
  auto model = std::make_shared<std::string>();
  command->add_option("MODEL", *model, model_source_help)->required();
  command->footer("Examples:\n  tern show tcja\n  tern show runs/demo/winner.tern\n  tern show nmnist-conv --json");
  command->callback([&, model] {
    action = [&, model] {
      const ModelSource source = read_model_source(*model);
      globals.json ? print_json(source) : print_text(source);
      return 0;
    };
  });
}

}  // namespace tern::cli
