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

/// Four IDX files as Fashion-MNIST comes, plain or .gz: train-images-idx3-ubyte and so on. Without a path,
/// where Debian's package dataset-fashion-mnist puts them. Validation: 500 of the 6000 training images of
/// each class. Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
/// Learning Algorithms", 2017.
extern const DataSet fashion_mnist;

/// The same four files of MNIST. Source: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to
/// Document Recognition", 1998.
extern const DataSet mnist;

/// Folders train/CLASS/FILE and test/CLASS/FILE with JPEG files of one size; classes in order of name. Where
/// any is in colour, grey ones get three equal channels.
extern const DataSet image_folder;

/// CIFAR-10's binary version: data_batch_1.bin to data_batch_5.bin and test_batch.bin.
/// Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
extern const DataSet cifar10;

/// An image folder of CIFAR-10: its ten classes, 3 x 32 x 32. JPEG is lossy: accuracies are near those on the
/// original data, not equal.
extern const DataSet cifar10_jpg;

/// All of them, in the order of `tern list`.
const std::vector<DataSet>& table();

}  // namespace tern::data::sets
