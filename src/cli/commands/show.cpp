// tern show: a network's operations, shapes, parameters and work.
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/model_source.hpp"
#include "compress/layer_report.hpp"
#include "learn/torch.hpp"

namespace tern::cli {
namespace {

void print_text(const ModelSource& source) {
  fmt::print("{}", net::summary(source.net));
  if (!source.model) return;
  fmt::print("\n{:<22} {:>9} {:>5} {:>8} {:>11} {:>11}\n", "kernel", "weights", "bits", "zeros", "min", "max");
  for (const auto& layer : compress::report_layers(*source.model))
    fmt::print("{:<22} {:>9} {:>5} {:>7.1f}% {:>11.4g} {:>11.4g}\n", layer.parameter, layer.weights, layer.bits,
               100 * layer.zero_fraction(), layer.min, layer.max);
}

void print_json(const ModelSource& source) {
  const net::NetTotals totals = net::totals(source.net);
  nlohmann::ordered_json json{{"kind", source.kind},
                              {"weights", totals.weights},
                              {"parameters", totals.parameters},
                              {"macs_per_step", totals.macs_per_step},
                              {"net", nlohmann::ordered_json::parse(net::to_json(source.net))}};
  if (source.model)
    for (const auto& layer : compress::report_layers(*source.model))
      json["layers"].push_back({{"parameter", layer.parameter}, {"weights", layer.weights}, {"bits", layer.bits},
                                {"zeros", layer.zero_fraction()}, {"min", layer.min}, {"max", layer.max}});
  fmt::print("{}\n", json.dump(2));
}

}  // namespace

void add_show(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("show", "a network: operations, shapes, parameters, MACs; bits and zeros of its weights");
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
