#include "data/sets/sets.hpp"

namespace tern::data::sets {

const std::vector<DataSet>& table() {
  static const std::vector<DataSet> all{nmnist_mini,   nmnist, dvs128_objects, dvs128_gesture, event_folder,
                                        fashion_mnist, mnist,  cifar10,        cifar10_jpg,    image_folder};
  return all;
}

}  // namespace tern::data::sets
