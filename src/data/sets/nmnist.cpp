#include "base/error.hpp"
#include "data/sets/class_folders.hpp"
#include "data/sets/sets.hpp"

namespace tern::data::sets {
namespace {

Recipe list_nmnist(const DataOptions& options) {
  Recipe recipe = list_class_folders("nmnist", options.path, "Train", "Test");
  for (const std::string& name : recipe.class_names)
    if (name.size() != 1 || name[0] < '0' || name[0] > '9')
      fail(ErrorKind::bad_data, (options.path / "Train" / name).string(),
           "'{}' is not a class: expected digits 0 to 9", name);
  return recipe;
}

}  // namespace

const DataSet nmnist{
    .row = {.info = {"nmnist",
                     "N-MNIST: digits moved before an event camera, 2 x 34 x 34 (folder Train/, Test/)",
                     "Orchard, Jayawant, Cohen, Thakor 2015",
                     {}},
            .needs_path = true,
            .defaults = {.num_steps = 10, .slicing = "count"}},
    .list = list_nmnist,
};

}  // namespace tern::data::sets
