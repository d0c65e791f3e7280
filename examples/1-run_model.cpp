// Runs a packed model without the training stack, and prints a score for each class.
//
//   example_run_model MODEL.tern [FRAMES.f32]
//
// FRAMES.f32 holds float32 values, little-endian, [num_steps, c, h, w] of one sample; without it the sample is all
// zeros. A Net that leaves num_steps open runs as many steps as the file holds, or one.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/program.hpp"

namespace {

/// The values of a raw float file; empty where it cannot be read.
std::vector<float> read_floats(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s MODEL.tern [FRAMES.f32]\n", argv[0]);
    return 2;
  }
  const auto program = tern::engine::Program::load(argv[1]);
  if (!program) {
    std::fprintf(stderr, "%s\n", program.error().message.c_str());
    return 1;
  }

  // What the Net asks for: the type of its input, and how many steps.
  const tern::net::Net& net = program->net();
  const tern::net::TensorType& input = net.type(net.input().name);
  const auto frame = static_cast<std::size_t>(tern::net::num_elements(input.shape));
  std::vector<float> frames;
  if (argc == 3) frames = read_floats(argv[2]);
  std::int64_t num_steps = input.has_time ? net.num_steps() : 1;
  if (num_steps == 0) num_steps = frames.empty() ? 1 : static_cast<std::int64_t>(frames.size() / frame);
  if (argc == 2) frames.assign(static_cast<std::size_t>(num_steps) * frame, 0.0F);

  const auto scores = program->run(frames, num_steps, 1);
  if (!scores) {
    std::fprintf(stderr, "%s\n", scores.error().message.c_str());
    return 1;
  }
  for (std::size_t i = 0; i < scores->size(); ++i) std::printf("%zu %.6f\n", i, static_cast<double>((*scores)[i]));
  return 0;
}
