// Runs a fuzz target without libFuzzer: first every input of the corpus, then damaged copies of them, until time is up.
//
//   fuzz_NAME [--seconds 20] [--seed 1] [--max-length 16384] [--timeout 20] [--save FOLDER] CORPUS...
//
// CORPUS are files or folders of files. Inputs run in a child process; one that ends it (a signal, a sanitizer's report, more
// than `--timeout` seconds of processor time) is written to FOLDER/crash-HASH or timeout-HASH, and the exit code is 1. The same seed gives the
// same inputs in the same order.
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/seed.hpp"
#include "fuzz_target.hpp"
#include "mutations.hpp"

namespace {
namespace fs = std::filesystem;
using namespace tern;

struct Arguments {
  double seconds = 20;
  std::uint64_t seed = 1;
  std::size_t max_length = 16384;
  long timeout = 20;
  fs::path save = ".";
  std::vector<fs::path> corpus;
};

/// What parent and child both see.
struct Shared {
  std::uint64_t runs, size;
  std::uint8_t bytes[1];
};

Rng* mutation_rng = nullptr;

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (!name.starts_with("--")) {
      arguments.corpus.emplace_back(name);
      continue;
    }
    if (++i == argc) fail(ErrorKind::usage, name, "a value is missing");
    if (name == "--seconds") arguments.seconds = std::stod(argv[i]);
    else if (name == "--seed") arguments.seed = std::stoull(argv[i]);
    else if (name == "--max-length") arguments.max_length = std::stoull(argv[i]);
    else if (name == "--timeout") arguments.timeout = std::stol(argv[i]);
    else if (name == "--save") arguments.save = argv[i];
    else fail(ErrorKind::usage, name, "unknown option (known: --seconds, --seed, --max-length, --timeout, --save)");
  }
  return arguments;
}

/// In order of name, so that a seed means the same everywhere.
std::vector<std::string> read_corpus(const Arguments& arguments) {
  std::vector<fs::path> files;
  for (const auto& path : arguments.corpus) {
    if (!fs::is_directory(path)) files.push_back(path);
    else
      for (const auto& entry : fs::directory_iterator(path))
        if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) inputs.push_back(read_file(file));
  if (inputs.empty()) fail(ErrorKind::usage, "corpus", "no files");
  return inputs;
}

void run_one(const std::string& input, Shared* shared, long timeout) {
  ++shared->runs;
  shared->size = input.size();
  std::copy(input.begin(), input.end(), shared->bytes);
  const itimerval limit{{0, 0}, {timeout, 0}};  // of processor time: a busy machine is no hang
  ::setitimer(ITIMER_PROF, &limit, nullptr);
  LLVMFuzzerTestOneInput(shared->bytes, input.size());
}

void fuzz(const Arguments& arguments, const std::vector<std::string>& corpus, Shared* shared) {
  const auto start = std::chrono::steady_clock::now();
  Rng rng(arguments.seed);
  mutation_rng = &rng;
  for (const auto& input : corpus)
    if (input.size() <= arguments.max_length) run_one(input, shared, arguments.timeout);
  std::string input;
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < arguments.seconds) {
    if (input.empty() || rng.below(4) == 0) input = corpus[rng.below(corpus.size())];  // else: damaged once more
    std::size_t size = std::min(input.size(), arguments.max_length);
    input.resize(arguments.max_length);
    auto* const bytes = reinterpret_cast<std::uint8_t*>(input.data());
    size = LLVMFuzzerCustomMutator(bytes, size, arguments.max_length, static_cast<unsigned>(rng()));
    input.resize(size);
    run_one(input, shared, arguments.timeout);
  }
}

/// The child's end, told to people; 0 where it was a good one.
int report(int status, const Shared* shared, const fs::path& folder) {
  std::printf("%llu inputs\n", static_cast<unsigned long long>(shared->runs));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(shared->bytes), shared->size);
  const bool hangs = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;
  const fs::path file = folder / ((hangs ? "timeout-" : "crash-") + to_hex(fnv1a_64(input)));
  write_file_atomically(file, input);
  std::printf("%s, input written to %s\n",
              WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "the program ended", file.c_str());
  return 1;
}

int run(const Arguments& arguments) {
  const std::vector<std::string> corpus = read_corpus(arguments);
  void* const memory = ::mmap(nullptr, sizeof(Shared) + arguments.max_length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail(ErrorKind::io, "driver", "no shared memory");
  auto* const shared = static_cast<Shared*>(memory);
  const pid_t child = ::fork();
  if (child < 0) fail(ErrorKind::io, "driver", "cannot fork");
  if (child == 0) {
    fuzz(arguments, corpus, shared);
    std::exit(0);  // a leak checker has its say
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return report(status, shared, arguments.save);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  fuzz::mutate_bytes(bytes, most, *mutation_rng);
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
