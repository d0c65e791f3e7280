#include <memory>

#include "base/error.hpp"
#include "data/sets/class_folders.hpp"
#include "data/sets/sets.hpp"
#include "formats/images/idx.hpp"

namespace tern::data::sets {
namespace {

namespace fs = std::filesystem;
constexpr const char* layout =
    "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, "
    "plain or .gz";
constexpr const char* debian_folder = "/usr/share/datasets/fashion-mnist";

/// The file of `stem` ("train-images") in any of its usual spellings.
fs::path find_file(const DataOptions& options, const std::string& stem, const char* kind) {
  for (const char* separator : {"-", "."})
    for (const char* ending : {"", ".gz"}) {
      const fs::path path = options.path / fmt::format("{}{}{}-ubyte{}", stem, separator, kind, ending);
      if (fs::is_regular_file(path)) return path;
    }
  fail(ErrorKind::usage, options.name, "no file '{}-{}-ubyte' in {}: expected {}", stem, kind,
       options.path.string(), layout);
}

/// Errors: bad_data where the labels do not fit the images or the classes.
void check_labels(const formats::Idx& images, const formats::Idx& labels, std::size_t num_classes,
                  const fs::path& image_file, const fs::path& label_file) {
  if (images.shape.size() != 3)
    fail(ErrorKind::bad_data, image_file.string(), "expected 3 dimensions (images, height, width), got {}",
         images.shape.size());
  if (labels.shape.size() != 1 || labels.shape[0] != images.shape[0])
    fail(ErrorKind::bad_data, label_file.string(), "expected {} labels, got dimensions {}", images.shape[0],
         net::to_string(labels.shape));
  for (std::size_t i = 0; i < labels.values.size(); ++i)
    if (labels.values[i] >= num_classes)
      fail(ErrorKind::bad_data, label_file.string(), "label {} is {}: expected 0 to {}", i, labels.values[i],
           num_classes - 1);
}

void add_part(Recipe& recipe, const DataOptions& options, const std::string& stem, Part part) {
  const fs::path image_file = find_file(options, stem + "-images", "idx3");
  const fs::path label_file = find_file(options, stem + "-labels", "idx1");
  const auto images = std::make_shared<const formats::Idx>(formats::read_idx(image_file));
  const formats::Idx labels = formats::read_idx(label_file);
  check_labels(*images, labels, recipe.class_names.size(), image_file, label_file);
  recipe.files.insert(recipe.files.end(), {image_file, label_file});
  const auto height = static_cast<int>(images->shape[1]), width = static_cast<int>(images->shape[2]);
  const auto size = static_cast<std::ptrdiff_t>(images->shape[1] * images->shape[2]);
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    Source source{part, labels.values[i], fmt::format("{}/{:05}", stem, i), 1};
    source.read_image = [images, height, width, size, i] {
      const auto begin = images->values.begin() + static_cast<std::ptrdiff_t>(i) * size;
      return formats::Image{1, height, width, {begin, begin + size}};
    };
    recipe.sources.push_back(std::move(source));
  }
}

Recipe list_idx(const DataOptions& options, std::vector<std::string> class_names) {
  need_folder(options.name, options.path, "", layout);
  Recipe recipe;
  recipe.class_names = std::move(class_names);
  recipe.images = true;
  add_part(recipe, options, "train", Part::train);
  add_part(recipe, options, "t10k", Part::test);
  recipe.origin = "The official training part (train-*) trains and the official test part (t10k-*) tests.";
  return recipe;
}

Recipe list_mnist(const DataOptions& options) {
  return list_idx(options, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
}

Recipe list_fashion_mnist(const DataOptions& given) {
  DataOptions options = given;
  if (options.path.empty()) {
    if (!fs::is_directory(debian_folder))
      fail(ErrorKind::usage, options.name,
           "no folder {}: install Debian's package dataset-fashion-mnist, or give path, a folder with {}",
           debian_folder, layout);
    options.path = debian_folder;
  }
  return list_idx(options, {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                            "Sneaker", "Bag", "Ankle boot"});
}

constexpr double validation_share = 5000.0 / 60000.0;

}  // namespace

const DataSet fashion_mnist{
    .row = {.info = {"fashion-mnist",
                     "Fashion-MNIST: ten kinds of clothing, 1 x 28 x 28 (Debian: dataset-fashion-mnist)",
                     "Xiao, Rasul, Vollgraf 2017",
                     {}},
            .needs_path = false,
            .images = true,
            .defaults = {.num_steps = 1, .validation_fraction = validation_share}},
    .list = list_fashion_mnist,
};

const DataSet mnist{
    .row = {.info = {"mnist",
                     "MNIST: handwritten digits, 1 x 28 x 28 (folder with the four IDX files, plain or .gz)",
                     "LeCun, Bottou, Bengio, Haffner 1998",
                     {}},
            .needs_path = true,
            .images = true,
            .defaults = {.num_steps = 1, .validation_fraction = validation_share}},
    .list = list_mnist,
};

}  // namespace tern::data::sets
