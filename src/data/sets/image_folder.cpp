#include "base/error.hpp"
#include "data/sets/class_folders.hpp"
#include "data/sets/sets.hpp"

namespace tern::data::sets {
namespace {

Recipe list_images(const DataOptions& options) {
  Recipe recipe = list_class_folders(options.name, options.path, "train", "test", jpeg_kind);
  recipe.images = true;
  return recipe;
}

Recipe list_cifar10_jpg(const DataOptions& options) {
  Recipe recipe = list_images(options);
  const std::vector<std::string> classes{"airplane", "automobile", "bird",  "cat",  "deer",
                                         "dog",      "frog",       "horse", "ship", "truck"};
  if (recipe.class_names != classes)
    fail(ErrorKind::bad_data, (options.path / "train").string(), "expected the classes {}; found {}",
         fmt::join(classes, ", "), fmt::join(recipe.class_names, ", "));
  recipe.sample_shape = {3, 32, 32};
  return recipe;
}

}  // namespace

const DataSet image_folder{
    .row = {.info = {"image-folder",
                     "your own JPEG images, all of one size (folder train/CLASS/, test/CLASS/)",
                     "",
                     {}},
            .needs_path = true,
            .images = true,
            .defaults = {.num_steps = 1}},
    .list = list_images,
};

const DataSet cifar10_jpg{
    .row = {.info = {"cifar10-jpg",
                     "CIFAR-10 as JPEG files, 3 x 32 x 32 (folder train/CLASS/, test/CLASS/)",
                     "Krizhevsky 2009",
                     {}},
            .needs_path = true,
            .images = true,
            .defaults = {.num_steps = 1}},
    .list = list_cifar10_jpg,
};

}  // namespace tern::data::sets
