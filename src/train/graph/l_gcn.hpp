// The procedures "l-gcn" and "l2-gcn": layers trained one after another (train/layerwise).
#pragma once

#include "train/graph/procedure.hpp"

namespace tern::train {

/// Rows of the registry of procedures. The network must be what layer-wise training makes: the architecture l-gcn.
/// "l-gcn": every layer gets all its epochs; "l2-gcn": a learned controller ends layers, or the plateau rule does
/// (parameter stopping). train.epochs are those of one layer at most, train.batch_size rows of a step; train.patience of
/// "l-gcn" ends a layer where its validation loss no longer falls. Decay, plans, distillation and label smoothing are
/// refused. The history has an epoch for each layer's epoch; those of the last layer are scored with patience or the
/// parameter scores, else only the end is. With a group each process trains rows of its own nodes (layer_run.hpp).
/// Source: You, Chen, Wang and Shen 2020, L2-GCN: Layer-Wise and Learned Efficient Training of GCN.
const GraphProcedure& l_gcn_procedure();
const GraphProcedure& l2_gcn_procedure();

}  // namespace tern::train
