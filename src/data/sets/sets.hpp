// The data sets, one a file: each finds its files and says what they are.
#pragma once

#include "data/recipe.hpp"

namespace tern::data::sets {

/// A row of the registry with its listing.
struct DataSet {
  DataSetRow row;
  Recipe (*list)(const DataOptions& resolved);
};

/// Folders Train/DIGIT/*.bin and Test/DIGIT/*.bin, any subset of the digits.
/// Source: Orchard et al., "Converting Static Image Datasets to Spiking Neuromorphic Datasets Using
/// Saccades", 2015.
extern const DataSet nmnist;

/// The bundled archive nmnist-mini.tar.xz, laid out like nmnist: see data/README.md.
extern const DataSet nmnist_mini;

/// Folders session-*/OBJECT.aedat, one object a recording: the first session trains, the second tests.
extern const DataSet dvs128_objects;

/// Files userNN_LIGHT.aedat with userNN_LIGHT_labels.csv, trials_to_train.txt and trials_to_test.txt.
/// Source: Amir et al., "A Low Power, Fully Event-Based Gesture Recognition System", 2017.
extern const DataSet dvs128_gesture;

/// Folders train/CLASS/FILE and test/CLASS/FILE with files of any event format.
extern const DataSet event_folder;

/// All of them, in the order of `tern list`.
const std::vector<DataSet>& table();

}  // namespace tern::data::sets
