// What classifiers of nodes and graphs are scored by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"
#include "graph/graph_data.hpp"

namespace tern::train {

/// scores [n, classes], targets [n, classes] of 0 and 1 -> 0..1, NaN where it is not defined (no samples, one class
/// alone for roc-auc).
using Metric = double (*)(const at::Tensor& scores, const at::Tensor& targets);

struct MetricRow {
  MethodInfo info;
  Metric metric = nullptr;
};

/// "accuracy":  share of samples whose largest score is at a class that they have.
/// "micro-f1":  2 TP / (2 TP + FP + FN) over all samples and classes together; of samples with one class each it is the
///              accuracy, of several a class is predicted where its score is above 0.
/// "roc-auc":   of two classes: probability that a sample of class 1 scores higher in score1 - score0 than one of class
///              0, ties counting half (Mann and Whitney 1947).
const std::vector<MetricRow>& metric_table();
const MetricRow& find_metric(std::string_view name);

/// `name`, or where it is empty what suits the labels: micro-f1 where samples have several, else accuracy.
std::string metric_of(const graph::GraphData& data, std::string_view name);

}  // namespace tern::train
