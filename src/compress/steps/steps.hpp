// The kinds of steps that step_kind.cpp lists; each is defined in the file of its name.
#pragma once

#include "compress/step_kind.hpp"

namespace tern::compress::steps {

extern const StepKind factorize;  // factorize.cpp
extern const StepKind prune;     // prune.cpp
extern const StepKind channels;  // channels.cpp
extern const StepKind quantize;  // quantize.cpp
extern const StepKind mixed;    // mixed.cpp
extern const StepKind fold;      // fold.cpp
extern const StepKind posttrain; // posttrain.cpp
extern const StepKind ugs;       // ugs.cpp

}  // namespace tern::compress::steps
