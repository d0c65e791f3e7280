// Ways to damage an input: bytes, and text that looks like JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/seed.hpp"

namespace tern::fuzz {

/// Changes `bytes` in one to four ways: bits and bytes flipped, runs removed, repeated, moved or filled, and little-endian
/// numbers of 1 to 8 bytes (lengths, offsets) replaced by boundary values or moved by a little.
/// At most `longest` bytes result.
void mutate_bytes(std::string& bytes, std::size_t longest, Rng& rng);

/// Changes `text` in one to four ways that mostly leave it JSON: a number or a quoted text replaced by another one of the
/// same text or by a boundary value, a member or an object removed, repeated or swapped with another, a bracket lost.
/// At most `longest` bytes result.
void mutate_json(std::string& text, std::size_t longest, Rng& rng);

}  // namespace tern::fuzz
