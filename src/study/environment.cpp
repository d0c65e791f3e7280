#include "study/environment.hpp"

#include <fstream>
#include <string>

#include <sys/utsname.h>
#include <torch/version.h>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "kernels/isa.hpp"

namespace tern::study {
namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string operating_system() {
  struct utsname name {};
  if (uname(&name) != 0) return "unknown";
  return fmt::format("{} {} ({})", name.sysname, name.release, name.machine);
}

}  // namespace

report::TextPairs describe_environment() {
  return {{"tern", TERN_VERSION},
          {"processor", processor()},
          {"instruction set", std::string(kernels::name_of(kernels::current_isa()))},
          {"threads", std::to_string(num_threads())},
          {"system", operating_system()},
          {"compiler", "g++ " __VERSION__},
          {"libtorch", TORCH_VERSION}};
}

}  // namespace tern::study
