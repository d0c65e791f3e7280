#include "train/layerwise/stopping.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"

namespace tern::train {

int RunHistory::epochs() const {
  int sum = 0;
  for (const auto& layer : losses) sum += static_cast<int>(layer.size());
  return sum;
}

PlateauStop::PlateauStop(PlateauOptions options, int decide_every)
    : options_(options), decide_every_(decide_every) {
  if (!(options.relative >= 0 && options.relative < 1))
    fail(ErrorKind::usage, "plateau", "relative = {} is not in 0 .. 1", options.relative);
  if (options.decisions < 1)
    fail(ErrorKind::usage, "plateau", "decisions = {} is not positive", options.decisions);
  if (decide_every < 1) fail(ErrorKind::usage, "plateau", "decide_every = {} is not positive", decide_every);
}

bool PlateauStop::stop(const RunHistory& history) const {
  const std::vector<double>& losses = history.losses.back();
  double best = 0;
  int without = 0;
  for (std::size_t begin = 0; begin + static_cast<std::size_t>(decide_every_) <= losses.size();
       begin += static_cast<std::size_t>(decide_every_)) {
    const auto first = losses.begin() + static_cast<std::ptrdiff_t>(begin);
    const double mean = std::accumulate(first, first + decide_every_, 0.0) / decide_every_;
    const bool better = begin == 0 || mean < best * (1 - options_.relative);
    without = better ? 0 : without + 1;
    if (better) best = mean;
  }
  return without >= options_.decisions;
}

ValidationStop::ValidationStop(int patience) : patience_(patience) {
  if (patience < 1) fail(ErrorKind::usage, "validation", "patience = {} is not positive", patience);
}

bool ValidationStop::stop(const RunHistory& history) const {
  const std::vector<EpochScores>& scores = history.scores.back();
  const auto best = std::min_element(scores.begin(), scores.end(), [](const auto& a, const auto& b) {
    return a.validation_loss < b.validation_loss;
  });
  return scores.end() - best > patience_;
}

std::vector<MethodInfo> stopping_table() {
  return {
      {"fixed", "every layer gets all its epochs", "You et al. 2020 (L-GCN)", {}},
      {"plateau",
       "a layer stops where its training loss no longer falls",
       "usual practice; the baseline of 'controller'",
       {{"relative", "float", "0.01", "0..1", "improvement that counts, in parts of the best loss"},
        {"decisions", "int", "2", ">= 1", "decisions in a row without one"}}},
      {"validation",
       "a layer stops where its validation loss no longer falls",
       "Prechelt 1998, Early stopping - but when?",
       {{"patience", "int", "10", ">= 1", "epochs behind the lowest loss"}}},
      {"controller",
       "a recurrent network, trained by policy gradient on small subgraphs, decides",
       "You et al. 2020 (L2-GCN); Williams 1992",
       {{"rounds", "int", "200", ">= 1", "runs on subgraphs that it learns from"},
        {"sample_nodes", "int", "1024", ">= 1", "training nodes of a subgraph"},
        {"batch_rows", "int", "0", ">= 0", "rows of a batch in those runs, 0: all"},
        {"epoch_cost", "float", "2e-3", ">= 0", "added to the final loss for every epoch"},
        {"learning_rate", "float", "0.02", "> 0", "of Adam"},
        {"entropy", "float", "0.1", ">= 0",
         "weight of the policy's entropy, in running deviations of the cost"},
        {"step_heads", "bool", "true", "", "an output layer for each place of a decision, else one for all"},
        {"deployment", "string", "greedy", "greedy|sample|mean", "how probabilities become decisions"}}}};
}

}  // namespace tern::train
