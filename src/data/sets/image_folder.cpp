#include "data/sets/class_folders.hpp"
#include "data/sets/sets.hpp"

namespace tern::data::sets {
namespace {

Recipe list_image_folder(const DataOptions& options) {
  Recipe recipe = list_class_folders("image-folder", options.path, "train", "test", jpeg_kind);
  recipe.images = true;
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
    .list = list_image_folder,
};

}  // namespace tern::data::sets
