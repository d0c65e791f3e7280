// tern data: what a data set or an event file holds.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/interrupt.hpp"
#include "cli/command.hpp"
#include "cli/commands/graph_command.hpp"
#include "cli/data_options.hpp"
#include "cli/terminal.hpp"
#include "base/error.hpp"
#include "formats/events/read_events.hpp"
#include "learn/torch.hpp"

namespace tern::cli {
namespace {

int show_file(const std::string& path, bool json) {
  const formats::Recording recording = formats::read_events(path);
  std::int64_t on = 0;
  for (const auto& event : recording.events) on += event.polarity;
  const double seconds =
      recording.events.empty() ? 0 : static_cast<double>(recording.events.back().t_us - recording.events.front().t_us) * 1e-6;
  if (json) {
    const nlohmann::ordered_json out{{"file", path}, {"width", recording.width}, {"height", recording.height},
                                     {"events", recording.events.size()}, {"on", on}, {"seconds", seconds}};
    fmt::print("{}\n", out.dump(2));
  } else {
    fmt::print("{}\n  sensor {} x {}, {} events ({} on, {} off), {:.3f} s\n", path, recording.width, recording.height,
               recording.events.size(), on, static_cast<std::int64_t>(recording.events.size()) - on, seconds);
  }
  return 0;
}

int show_set(const data::DataOptions& options, const GlobalOptions& globals) {
  ProgressPrinter progress(globals.quiet);
  const data::FrameDataset set = data::load_data_set(options, std::ref(progress));
  progress.clear();
  if (!globals.json) return fmt::print("{}", data::describe(set)), 0;
  const nlohmann::ordered_json out{
      {"name", set.name}, {"classes", set.class_names}, {"num_steps", set.num_steps}, {"sample_shape", set.sample_shape},
      {"value_scale", set.value_scale},
      {"train", set.train.size()}, {"validation", set.validation.size()}, {"test", set.test.size()},
      {"split", set.split_statement}, {"transform", set.transform}};
  fmt::print("{}\n", out.dump(2));
  return 0;
}

}  // namespace

void add_data(CLI::App& app, GlobalOptions& globals, std::function<int()>& action) {
  auto* command = app.add_subcommand("data", "what a data set holds, or an event file");
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "an event recording (.bin, .aedat, .aedat4, .raw, .dat); else --data is shown");
  auto options = add_data_options(*command);
  add_graph_info(*command, "graph", globals, action);
  command->footer("Examples:\n  tern data --data nmnist-mini\n  tern data --data fashion-mnist\n"
                  "  tern data --data nmnist --path nmnist-4class\n"
                  "  tern data recording.aedat4\n  tern data graph cora --path planetoid");
  command->callback([&, command, file, options] {
    if (!command->get_subcommands().empty()) return;  // tern data graph
    action = [&, file, options] { return file->empty() ? show_set(*options, globals) : show_file(*file, globals.json); };
  });
}

}  // namespace tern::cli
