#include "train/run_log.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace tern::train {

void write_metrics(const std::filesystem::path& folder, const std::vector<EpochResult>& history) {
  std::string csv = "epoch,train_loss,train_accuracy,validation_accuracy,learning_rate,seconds,test_accuracy\n", lines;
  for (const auto& e : history) {
    const bool tested = std::isfinite(e.test_accuracy);
    csv += fmt::format("{},{},{},{},{},{},{}\n", e.epoch, e.train_loss, e.train_accuracy, e.validation_accuracy,
                       e.learning_rate, e.seconds, tested ? fmt::format("{}", e.test_accuracy) : "");
    nlohmann::ordered_json json{{"epoch", e.epoch},
                                      {"train_loss", e.train_loss},
                                      {"train_accuracy", e.train_accuracy},
                                      {"validation_accuracy", e.validation_accuracy},
                                      {"learning_rate", e.learning_rate},
                                      {"seconds", e.seconds}};
    if (tested) json["test_accuracy"] = e.test_accuracy;
    lines += json.dump() + "\n";
  }
  write_file_atomically(folder / "metrics.csv", csv);
  write_file_atomically(folder / "metrics.jsonl", lines);
}

}  // namespace tern::train
