// Writes the synthetic report: write_example_report FILE [TITLE]. The browser test opens it.
#include <cstdio>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "synthetic.hpp"

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    auto data = tern::report::synthetic_report();
    if (argc > 2) data.title = argv[2];
    tern::write_file_atomically(argv[1], tern::report::render_report(data));
  } catch (const tern::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
