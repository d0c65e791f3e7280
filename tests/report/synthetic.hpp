// Records that look like a study's, made without training: for tests and for looking at the page.
#pragma once

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "base/seed.hpp"
#include "report/html.hpp"

namespace tern::report {

inline TrialRecord synthetic_trial(const std::string& combination, int bits, double sparsity,
                                   std::uint64_t seed) {
  TrialRecord trial;
  trial.combination = combination;
  trial.bits = bits;
  trial.sparsity = sparsity;
  trial.seed = seed;
  trial.key = combination == "baseline"
                  ? fmt::format("baseline/seed{}", seed)
                  : fmt::format("{}/w{}/s{:.2f}/seed{}", combination, bits, sparsity, seed);
  trial.plan = combination == "baseline"
                   ? ""
                   : fmt::format("prune:global={:.2f},cubic | quantize:w={},a=8,lsq", sparsity, bits);
  trial.status = "done";
  trial.run_dir = fmt::format("runs/events/{}", trial.key);
  Rng rng(derive_seed(seed, trial.key));
  const double hardness =
      (combination == "cumulative" ? 2.2 : 1.0) * (0.5 * std::pow(sparsity, 9) + 0.08 / (bits * bits));
  trial.validation_accuracy = 0.942 - 0.16 * hardness + 0.003 * rng.normal();
  trial.test_accuracy = trial.validation_accuracy - 0.006 + 0.003 * rng.normal();
  trial.zeros = sparsity > 0 ? sparsity + 0.002 * rng.uniform() : 0;
  trial.energy_mj =
      0.0123 * (0.06 + 0.94 * bits / 32.0 * (1 - 0.92 * trial.zeros)) * (1 + 0.01 * rng.normal());
  trial.cycles = 1.9e6 * (0.3 + 0.7 * (1 - trial.zeros));
  trial.weight_bytes = std::round(68900.0 * bits / 8 * (1 - 0.85 * trial.zeros));
  trial.train_seconds = 640 + 90 * rng.uniform();
  trial.synops = std::round(3.1e6 * (1 - trial.zeros));
  trial.activation_bits = bits < 32 ? 8 : 32;
  trial.nonzeros = std::round(68900.0 * (1 - trial.zeros));
  trial.file_bytes = std::round(68900.0 * bits / 8 * (1 - 0.8 * trial.zeros));
  trial.macs = 14.2e6;
  trial.bit_operations = trial.macs * (1 - trial.zeros) * bits * trial.activation_bits;
  for (int epoch = 0; epoch < 24; ++epoch) {
    const double rise = 1 - std::exp(-(epoch + 1) / 5.0);
    trial.epochs.push_back({epoch, 0.12 + 2.1 * (1 - rise) + 0.02 * rng.uniform(),
                            (trial.validation_accuracy + 0.03) * rise,
                            trial.validation_accuracy * rise + 0.006 * rng.normal(),
                            0.001 * (1 + std::cos(epoch * 3.1416 / 24)) / 2, 27 + rng.uniform()});
  }
  const std::int64_t weights[] = {450, 13824, 36864, 17762};
  const char* nodes[] = {"conv1", "conv2", "conv3", "fc"};
  const double pj = trial.energy_mj * 1e9;
  for (int i = 0; i < 4; ++i) {
    const double reach = 0.9 / (i + 1) + 0.1;
    trial.layers.push_back({nodes[i], i == 0 && bits < 8 ? 8 : bits, trial.zeros * (0.6 + 0.12 * i), -reach,
                            reach * 0.9, bits < 32 ? reach / (1 << (bits - 1)) : not_measured, weights[i],
                            0.21 / (i + 1), pj * (i == 2 ? 0.5 : 0.16), trial.cycles * (i == 2 ? 0.5 : 0.16),
                            trial.zeros > 0.3 ? "bitmap" : "dense"});
  }
  trial.breakdown_pj = {{"compute", pj * 0.18},
                        {"weight memory", pj * 0.37},
                        {"activation memory", pj * 0.14},
                        {"membrane state", pj * 0.19},
                        {"leakage", pj * 0.12}};
  return trial;
}

inline ExampleRaster synthetic_example() {
  ExampleRaster example{"test/3/00417", "3", "3", 16, {}, 2, 34, 34, {}};
  Rng rng(7);
  for (const auto& [node, neurons] :
       {std::pair{"lif1", 2304}, {"lif2", 1152}, {"lif3", 512}, {"readout", 10}}) {
    RasterLayer layer{node, neurons, std::min(neurons, 48), {}};
    for (std::int64_t t = 0; t < example.num_steps; ++t)
      for (std::int64_t i = 0; i < layer.shown; ++i)
        layer.spikes.push_back(rng.uniform() < (i % 7 == 3 ? 0.5 : 0.07) && t > 0 ? 1 : 0);
    example.layers.push_back(layer);
  }
  for (int t = 0; t < example.num_steps; ++t)
    for (int c = 0; c < 2; ++c)
      for (int y = 0; y < 34; ++y)
        for (int x = 0; x < 34; ++x) {
          const double drift = 2.0 * std::sin(t * 0.4);
          const double ring =
              std::hypot(x - 17 - drift + (c ? 1.5 : -1.5), (y - (y < 17 ? 11 : 22)) * 1.1) - 6;
          const bool open = x < 13 + drift;
          example.frames.push_back(!open && std::abs(ring) < 1.3 && rng.uniform() < 0.75
                                       ? static_cast<float>(1 + rng.below(3))
                                   : rng.uniform() < 0.01 ? 1.0F
                                                          : 0.0F);
        }
  return example;
}

inline std::vector<TrialRecord> synthetic_trials() {
  std::vector<TrialRecord> trials;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    trials.push_back(synthetic_trial("baseline", 32, 0, seed));
    for (const int bits : {8, 4, 2}) {
      trials.push_back(synthetic_trial("quantize", bits, 0, seed));
      for (const double sparsity : {0.6, 0.8, 0.9})
        for (const char* combination : {"cumulative", "joint"})
          trials.push_back(synthetic_trial(combination, bits, sparsity, seed));
    }
    for (const double sparsity : {0.6, 0.8, 0.9})
      trials.push_back(synthetic_trial("prune", 32, sparsity, seed));
  }
  return trials;
}

inline ReportData synthetic_report() {
  ReportData data;
  data.name = "nmnist-joint";
  data.title = "N-MNIST: joint pruning and quantization";
  data.split =
      "54 000 recordings train, 6 000 validate (stratified, seed 1), 10 000 test, never seen in selection.";
  data.data = "Synthetic records of the report's own test: no network was trained.";
  data.data_checksum = "9f2c11d07a3be845";
  data.config =
      "study: nmnist-joint\nnet: nmnist-conv\nplans:\n  bits: [8, 4, 2]\n  sparsity: [0.6, 0.8, 0.9]\n"
      "  combination: [quantize, prune, cumulative, joint]\nseeds: [1, 2]\nepochs: 24\n";
  data.created = "2026-11-23T10:12:00Z";
  data.seed = 1;
  data.environment = {
      {"CPU", "example CPU, 8 cores"}, {"threads", "8"}, {"compiler", "GCC 12.2.0"}, {"Tern", "0.1.0"}};
  data.commands = {"tern data fetch nmnist", "tern study studies/nmnist-joint.yaml --workers 4"};
  data.trials = synthetic_trials();
  data.example = synthetic_example();
  return data;
}

}  // namespace tern::report
