// What a result depends on besides its configuration.
#pragma once

#include "report/trial_record.hpp"

namespace tern::study {

/// Processor, instruction set, threads, operating system, compiler, versions of Tern and libtorch.
report::TextPairs describe_environment();

}  // namespace tern::study
