#include <memory>

#include "base/error.hpp"
#include "data/sets/class_folders.hpp"
#include "data/sets/sets.hpp"
#include "formats/images/cifar.hpp"

namespace tern::data::sets {
namespace {

namespace fs = std::filesystem;
constexpr const char* layout =
    "data_batch_1.bin to data_batch_5.bin and test_batch.bin (the unpacked cifar-10-batches-bin)";
const net::Shape shape{3, 32, 32};

const std::vector<std::string>& class_names() {
  static const std::vector<std::string> names{"airplane", "automobile", "bird",  "cat",  "deer",
                                              "dog",      "frog",       "horse", "ship", "truck"};
  return names;
}

void add_file(Recipe& recipe, const DataOptions& options, const std::string& stem, Part part) {
  const fs::path file = options.path / (stem + ".bin");
  if (!fs::is_regular_file(file))
    fail(ErrorKind::usage, options.name, "no file '{}.bin' in {}: expected {}", stem, options.path.string(),
         layout);
  const auto batch = std::make_shared<const formats::CifarBatch>(formats::read_cifar10(file));
  recipe.files.push_back(file);
  const auto size = static_cast<std::ptrdiff_t>(net::num_elements(shape));
  for (std::size_t i = 0; i < batch->labels.size(); ++i) {
    Source source{part, batch->labels[i], fmt::format("{}/{:04}", stem, i), 1};
    source.read_image = [batch, size, i] {
      const auto begin = batch->pixels.begin() + static_cast<std::ptrdiff_t>(i) * size;
      return formats::Image{3, 32, 32, {begin, begin + size}};
    };
    recipe.sources.push_back(std::move(source));
  }
}

Recipe list_cifar10(const DataOptions& options) {
  need_folder(options.name, options.path, "", layout);
  Recipe recipe;
  recipe.class_names = class_names();
  recipe.images = true;
  recipe.sample_shape = shape;
  for (int i = 1; i <= 5; ++i) add_file(recipe, options, fmt::format("data_batch_{}", i), Part::train);
  add_file(recipe, options, "test_batch", Part::test);
  recipe.origin = "The five official training batches train and the official test batch tests.";
  return recipe;
}

Recipe list_cifar10_jpg(const DataOptions& options) {
  Recipe recipe = list_class_folders(options.name, options.path, "train", "test", jpeg_kind);
  if (recipe.class_names != class_names())
    fail(ErrorKind::bad_data, (options.path / "train").string(), "expected the classes {}; found {}",
         fmt::join(class_names(), ", "), fmt::join(recipe.class_names, ", "));
  recipe.images = true;
  recipe.sample_shape = shape;
  return recipe;
}

}  // namespace

const DataSet cifar10{
    .row =
        {.info = {"cifar10",
                  "CIFAR-10, binary version, 3 x 32 x 32 (folder with data_batch_1.bin ... test_batch.bin)",
                  "Krizhevsky 2009",
                  {}},
         .needs_path = true,
         .images = true,
         .defaults = {.num_steps = 1}},
    .list = list_cifar10,
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
