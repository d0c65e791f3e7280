// Does a loaded program hold what its plan says?
//
// usage: bench_memory [NETWORK...]
// NETWORK as in bench_engine (default resnet20, resnet18, mobilenet-v1); 8-bit weights and activations, written to a
// temporary file, loaded, run once. Prints the heap's growth (glibc's mallinfo2) beside what the plan and the instance
// state.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include <malloc.h>
#include <unistd.h>

#include "engine/program.hpp"
#include "random_network.hpp"

namespace {

double heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

void measure(const std::string& network) {
  using namespace tern;
  const auto path = std::filesystem::temp_directory_path() / ("tern_memory_" + std::to_string(getpid()) + ".tern");
  pack::write_model(path, bench::random_model(bench::build_network(bench::parse_network(network), 8), 8, 0));
  const double before = heap_bytes();
  const auto program = engine::Program::load(path.string());
  std::filesystem::remove(path);
  if (!program) throw std::runtime_error(program.error().message);
  auto instance = program->instance();
  if (!instance) throw std::runtime_error(instance.error().message);
  const std::vector<float> input(instance->input_size(), 0.5F);
  std::vector<float> output(instance->output_size());
  if (!instance->run(input, output)) throw std::runtime_error("run failed");
  const double held = heap_bytes() - before - 4.0 * static_cast<double>(input.size() + output.size());
  const engine::PlanDescription plan = program->describe();
  const double planned = static_cast<double>(plan.weight_bytes + plan.other_bytes + instance->bytes());
  std::printf("%-16s planned %9.0f bytes, held %9.0f: %.2f x\n", network.c_str(), planned, held, held / planned);
}

}  // namespace

int main(int count, char** arguments) try {
  std::vector<std::string> networks(arguments + 1, arguments + count);
  if (networks.empty()) networks = {"resnet20", "resnet18", "mobilenet-v1"};
  for (const auto& network : networks) measure(network);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_memory: %s\n", error.what());
  return 1;
}
