// What a study knows of one trial: what was asked, what was measured.
//
// `report` keeps results and shows them: the store (SQLite), Pareto fronts and averages over seeds, tables, and the
// HTML page. It knows nothing of training: it takes plain numbers and text from whoever measured them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace tern::report {

/// The value of a figure that nobody measured. Stored as NULL, printed as "-", and JSON null.
inline constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

/// Names and values in the order to show them: environment, commands.
using TextPairs = std::vector<std::pair<std::string, std::string>>;

/// What a trial is asked to do. `key` is unique in its study: "joint/w2/s0.80/seed1".
struct TrialSpec {
  std::string key;
  std::string plan;         ///< the compression plan as text, "prune:global=0.8 | quantize:w=2"
  std::string combination;  ///< baseline | quantize | prune | cumulative | joint, or a name of the study's own
  int bits = 0;             ///< weight bits asked; 32 for float weights
  double sparsity = 0;      ///< fraction of zeros asked, 0..1
  std::uint64_t seed = 0;
  int activation_bits = 32;  ///< bits asked of the values between the layers; 32 for float
};

/// One weighted layer after training: [min, max] of the effective weights, on the grid `scale`.
struct LayerRow {
  std::string node;
  int bits = 0;
  double zeros = not_measured;  ///< fraction of zero weights, 0..1
  double min = not_measured;
  double max = not_measured;
  double scale = not_measured;        ///< step of the grid; not_measured for float weights
  std::int64_t weights = 0;           ///< number of weights, zeros included
  double src_density = not_measured;  ///< fraction of inputs that are not zero (spikes), 0..1
  double energy_pj = not_measured;    ///< for one sample
  double cycles = not_measured;       ///< for one sample
  std::string encoding;               ///< how the accelerator stores the weights: "dense", "bitmap", "csr", ...
};

/// One epoch, counted from 0. Accuracies 0..1.
struct EpochRow {
  int epoch = 0;
  double train_loss = not_measured;
  double train_accuracy = not_measured;
  double validation_accuracy = not_measured;
  double learning_rate = not_measured;
  double seconds = not_measured;
};

/// A trial with its results. Accuracies, sparsity and zeros are fractions 0..1; energy, cycles and operations
/// (synaptic, multiply-accumulate, bit) are for one sample. `status` is pending | running | done | failed; `error`
/// says why it failed. Selection uses validation_accuracy only; test_accuracy is reported.
struct TrialRecord : TrialSpec {
  std::string status = "pending";
  std::string error;
  double validation_accuracy = not_measured;
  double test_accuracy = not_measured;
  double zeros = not_measured;  ///< fraction of zero weights reached, over all weights that may be pruned
  double energy_mj = not_measured;
  double cycles = not_measured;
  double weight_bytes = not_measured;  ///< weights as the accelerator stores them, encodings included
  double train_seconds = not_measured;
  double synops = not_measured;          ///< synaptic operations executed
  double nonzeros = not_measured;        ///< number of weights that are not zero
  double file_bytes = not_measured;      ///< bytes of the weights in the packed file, indices and tables included
  double macs = not_measured;            ///< multiply-accumulates of the network, zero weights included
  double bit_operations = not_measured;  ///< sum over layers of MACs of non-zero weights x weight x activation bits
  std::vector<EpochRow> epochs;
  std::vector<LayerRow> layers;                              ///< in the network's order
  std::vector<std::pair<std::string, double>> breakdown_pj;  ///< energy by component: {"compute", 1.2e6}, ...
  std::string run_dir;                                       ///< checkpoints and logs, relative to the study's folder
};

}  // namespace tern::report
