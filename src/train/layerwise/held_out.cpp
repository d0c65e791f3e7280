#include "train/layerwise/held_out.hpp"

#include <limits>
#include <vector>

#include "learn/torch.hpp"
#include "train/parallel/process_group.hpp"

namespace tern::train {

HeldOut::HeldOut(const TrainingView& view, const Propagation& propagation, ProcessGroup* group)
    : group_(group) {
  const auto owned = [&](const TrainingView::Held& held) {
    std::vector<std::int64_t> places, rows;
    for (std::int64_t i = 0; i < held.rows.numel(); ++i) {
      const std::int64_t place = propagation.place_of(held.rows.data_ptr<std::int64_t>()[i]);
      if (place < 0) continue;
      places.push_back(place);
      rows.push_back(i);
    }
    return Part{at::tensor(places, at::kLong), held.targets.index_select(0, at::tensor(rows, at::kLong)), {}};
  };
  validation_ = owned(view.validation);
  test_ = owned(view.test);
  many_labels_ = view.targets.scalar_type() != at::kLong;
}

void HeldOut::propagate(const Propagation& propagation, const LayerInput& features) {
  for (Part* part : {&validation_, &test_}) part->input = propagation.rows_apart(features, part->ids);
}

Tally HeldOut::tally(const Part& part, const LayerClassifier& classifier) {
  Tally out;
  for_each_block(part.ids.numel(), part.input.columns(), [&](std::int64_t first, std::int64_t last) {
    out += classifier.tally(part.input.block(first, last), part.targets.slice(0, first, last));
  });
  return out;
}

EpochScores HeldOut::scores(const LayerClassifier& classifier) const {
  Tally validation = tally(validation_, classifier), test = tally(test_, classifier);
  if (group_ != nullptr) {
    std::vector<at::Tensor> sums{at::tensor({validation.loss, validation.rows, validation.hits,
                                             validation.wrong, test.loss, test.rows, test.hits, test.wrong},
                                            at::kDouble)};
    group_->all_reduce_sum(sums);
    const double* v = sums[0].data_ptr<double>();
    validation = {v[0], v[1], v[2], v[3]};
    test = {v[4], v[5], v[6], v[7]};
  }
  const double none = std::numeric_limits<double>::quiet_NaN();
  return {validation.score(many_labels_), validation.rows > 0 ? validation.mean_loss() : none,
          test.score(many_labels_)};
}

}  // namespace tern::train
