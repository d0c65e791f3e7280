// Published models on real images: the accuracies that ONNX Runtime 1.30 measured on the same images.
#include "formats/onnx/builder.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "formats/images/jpeg.hpp"
#include "formats/onnx/export_model.hpp"

namespace tern::onnx {
namespace {

using namespace testing;

/// TERN_TEST_DATA/NAME, or beside the source tree; empty where it is absent.
std::filesystem::path real_data(const std::string& name) {
  const char* set = std::getenv("TERN_TEST_DATA");
  const std::filesystem::path root =
      set ? std::filesystem::path(set) : std::filesystem::path(TERN_SOURCE_DIR) / "../shared/data";
  return std::filesystem::exists(root / name) ? root / name : std::filesystem::path();
}

struct Images {
  Floats frames;
  std::vector<std::int64_t> labels;
  std::int64_t size() const { return std::ssize(labels); }
};

/// The first images of each class, taken in turn.
Images test_images(const std::filesystem::path& root, std::int64_t count) {
  std::vector<std::vector<std::filesystem::path>> classes;
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(root / "test"))
    folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) {
    auto& files = classes.emplace_back();
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
  }
  Images images;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::size_t>(i) % classes.size();
    const formats::Image image =
        formats::read_jpeg(classes[label].at(static_cast<std::size_t>(i) / classes.size()));
    for (const std::uint8_t pixel : image.pixels) images.frames.push_back(static_cast<float>(pixel) / 255.0F);
    images.labels.push_back(static_cast<std::int64_t>(label));
  }
  return images;
}

double accuracy(const pack::PackedModel& model, const Images& images) {
  const Floats scores = run(model, images.frames, images.size());
  const std::int64_t classes = std::ssize(scores) / images.size();
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < images.size(); ++i)
    right +=
        std::max_element(scores.begin() + i * classes, scores.begin() + (i + 1) * classes) - scores.begin() ==
        i * classes + images.labels[static_cast<std::size_t>(i)];
  return 100.0 * static_cast<double>(right) / static_cast<double>(images.size());
}

ImportOptions cifar_statistics() {
  ImportOptions options;
  options.mean = {0.4914F, 0.4822F, 0.4465F};
  options.std = {0.2023F, 0.1994F, 0.2010F};
  return options;
}

struct Reference {
  std::string file;
  bool is_normalized;
  double percent;  ///< on the first 100 test images of each class
};

TEST(OnnxRealModels, AccuraciesOnCifar10) {
  const auto models = real_data("models/onnx"), data = real_data("cifar10-jpg");
  if (models.empty() || data.empty()) GTEST_SKIP() << "no real models and images (set TERN_TEST_DATA)";
  const Images images = test_images(data, 1000);
  for (const Reference& r :
       {Reference{"resnet20.onnx", true, 81.8}, Reference{"squeezenet_cifar10.onnx", false, 75.8}}) {
    const double percent =
        accuracy(read_model(models / r.file, r.is_normalized ? cifar_statistics() : ImportOptions{}), images);
    std::printf("%s: %.1f%%, reference %.1f%%\n", r.file.c_str(), percent, r.percent);
    EXPECT_NEAR(percent, r.percent, 0.15) << r.file;
  }
}

TEST(OnnxRealModels, QuantizedExportKeepsTheAccuracy) {
  const auto models = real_data("models/onnx"), data = real_data("cifar10-jpg");
  if (models.empty() || data.empty()) GTEST_SKIP() << "no real models and images (set TERN_TEST_DATA)";
  const pack::PackedModel model = read_model(models / "resnet20.onnx", cifar_statistics());
  const Images images = test_images(data, 300);
  engine::Options options;
  options.fuse = false;
  Ranges ranges;
  const auto program = engine::Program::from(model, options);
  const auto scores =
      program->run({images.frames.data(), 50 * 3072}, 1, 50,
                   [&](std::string_view node, std::span<const float> values, const net::Shape&) {
                     const auto [low, high] = std::minmax_element(values.begin(), values.end());
                     ranges[std::string(node)] = {*low, *high};
                   });
  ASSERT_TRUE(scores.ok());
  const pack::PackedModel back =
      import_model(export_model(model, {.form = ExportForm::qdq, .ranges = ranges}));
  const double before = accuracy(model, images), after = accuracy(back, images);
  std::printf("floats %.1f%%, quantized export %.1f%%\n", before, after);
  EXPECT_NEAR(after, before, 1.5);
}

TEST(OnnxRealModels, EveryKindLoadsAndRuns) {
  const auto models = real_data("models/onnx");
  if (models.empty()) GTEST_SKIP() << "no real models (set TERN_TEST_DATA)";
  const std::pair<const char*, const char*> files[] = {
      {"KWS-DNN_S.onnx", ""},
      {"fashion_mnist_mlp.onnx", ""},
      {"version-RFB-320_without_postprocessing.onnx", "377"}};
  for (const auto& [file, output] : files) {
    ImportOptions options;
    options.output = output;
    const pack::PackedModel model = read_model(models / file, options);
    const Floats scores =
        run(model, Builder::random_values(net::num_elements(model.net.type("input").shape), 1));
    EXPECT_TRUE(std::all_of(scores.begin(), scores.end(), [](float score) { return std::isfinite(score); }))
        << file;
  }
}

}  // namespace
}  // namespace tern::onnx
