// Writes the synthetic report: write_example_report FILE [TITLE [bare]]. The browser test opens it.
#include <cstdio>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "synthetic.hpp"

namespace {

// What a study looks like minutes after its start: one trial finished without layers, epochs or energy by
// component, one failed, one waiting; and combinations with the names of JavaScript's own properties.
void strip(tern::report::ReportData& data) {
  data.trials.resize(4);
  for (auto& trial : data.trials) {
    trial.epochs.clear();
    trial.layers.clear();
    trial.breakdown_pj.clear();
    trial.test_accuracy = tern::report::not_measured;
  }
  data.trials[1].combination = "__proto__";
  data.trials[2].combination = "constructor";
  data.trials[2].status = "failed";
  data.trials[2].error = "loss is NaN in epoch 3";
  data.trials[3].status = "pending";
  data.example.reset();
  data.environment.clear();
  data.commands.clear();
  data.config.clear();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    auto data = tern::report::synthetic_report();
    if (argc > 2) data.title = argv[2];
    if (argc > 3) strip(data);
    tern::write_file_atomically(argv[1], tern::report::render_report(data));
  } catch (const tern::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
