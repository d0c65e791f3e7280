// What a fuzz target defines and may call: libFuzzer's interface, which driver.cpp serves where there is no clang.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

/// Runs one input. Returns 0; a fault ends the process.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// Changes an input in place, with knowledge of its format. Returns its new size, at most `most`.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed);

/// The engine's own way to change bytes, for targets to call.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
}
