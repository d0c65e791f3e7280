// The sparse products of layer-wise training: P = C^-1 (A + I) + I times features.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "graph/graph.hpp"
#include "graph/normalise.hpp"
#include "train/layerwise/propagated_rows.hpp"
#include "train/parallel/halo.hpp"

namespace tern::train {

/// A graph whose matrix P (graph::Normalisation::lgcn, You et al. 2020) multiplies features; counts its
/// products and their time. With a group, rank r owns rows n r / N up to n (r + 1) / N and multiplies those
/// alone; features of others that they read, the halo, follow below its own.
class Propagation {
 public:
  /// `scratch`: folder for dense results, empty: memory. `group` may be null and must outlive this.
  Propagation(graph::Graph graph, std::filesystem::path scratch, ProcessGroup* group = nullptr);

  Propagation(const Propagation&) = delete;  // it views its own members
  Propagation& operator=(const Propagation&) = delete;

  /// Rows that this process owns: all of them, or its share.
  std::int64_t num_owned() const { return whole_.num_rows(); }
  /// Place of node `node` among the owned rows; -1 where another process owns it.
  std::int64_t place_of(std::int64_t node) const;
  /// The rows of features of all nodes that products here read: owned ones, then the halo.
  LayerInput local(const LayerInput& features) const;

  /// P X of owned rows and then, exchanged with the other processes, of the halo.
  LayerInput run(const LayerInput& x, const std::string& name);
  /// Rows ids[i] (int64, owned) of P X.
  LayerInput rows(const LayerInput& x, const at::Tensor& ids, const std::string& name);
  /// The same, neither counted nor timed: for nodes that are scored.
  LayerInput rows_apart(const LayerInput& x, const at::Tensor& ids, const std::string& name = "scored") const;

  int count() const { return count_; }
  double seconds() const { return seconds_; }

 private:
  graph::Graph graph_;  ///< of a single process
  graph::Scales scales_;
  std::int64_t first_ = 0;    ///< owned by this rank from here
  std::optional<Halo> halo_;  ///< of several processes
  PropagatedRows whole_;      ///< owned rows
  std::filesystem::path scratch_;
  int count_ = 0;
  double seconds_ = 0;
};

}  // namespace tern::train
