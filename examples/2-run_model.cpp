// The same in C++: runs a packed model without the training stack, and prints a score for each class.
//
//   example_run_model MODEL.tern [FRAMES.f32]
//
// FRAMES.f32 holds float32 values, little-endian, [num_steps, c, h, w] of one sample; without it the sample is all
// zeros. A network that leaves num_steps open runs as many steps as the file holds, or one.
#include <cstdio>
#include <string>
#include <vector>

#include <tern.hpp>

namespace {

/// The values of a raw float file; empty where it cannot be read.
std::vector<float> read_floats(const char* path) {
  std::vector<float> values;
  std::FILE* const file = std::fopen(path, "rb");
  if (file == nullptr) return values;
  float part[1024];
  for (std::size_t count; (count = std::fread(part, sizeof(float), 1024, file)) > 0;)
    values.insert(values.end(), part, part + count);
  std::fclose(file);
  return values;
}

int fail(const tern::api::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s MODEL.tern [FRAMES.f32]\n", argv[0]);
    return 2;
  }
  const auto model = tern::api::Model::load(argv[1]);
  if (!model) return fail(model.error());

  // What the network asks for: the type of its input, and how many steps.
  const tern::api::TensorType input = model->input();
  std::vector<float> frames;
  if (argc == 3) frames = read_floats(argv[2]);
  std::int64_t num_steps = input.has_time ? model->num_steps() : 1;
  if (num_steps == 0) num_steps = frames.empty() ? 1 : static_cast<std::int64_t>(frames.size() / input.elements);

  // One instance a thread: all memory that its runs take.
  auto instance = model->instance(num_steps);
  if (!instance) return fail(instance.error());
  if (argc == 2) frames.assign(instance->input_size(), 0.0F);
  const auto scores = instance->run(frames);
  if (!scores) return fail(scores.error());
  for (std::size_t i = 0; i < scores.value().size(); ++i)
    std::printf("%zu %.6f\n", i, static_cast<double>(scores.value()[i]));
  return 0;
}
