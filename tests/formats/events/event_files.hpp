// Small event files made in memory, and where the real samples lie.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "formats/events/recording.hpp"

namespace tern::formats::testing {

inline std::string little(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

inline std::string big(std::uint64_t value, int bytes) {
  const std::string reversed = little(value, bytes);
  return {reversed.rbegin(), reversed.rend()};
}

/// One N-MNIST event.
inline std::string nmnist(int x, int y, bool polarity, std::int64_t t) {
  std::string out{static_cast<char>(x), static_cast<char>(y)};
  return out + big(static_cast<std::uint64_t>(t) | (polarity ? 1u << 23 : 0u), 3);
}

inline std::string aedat2_header() {
  return "#!AER-DAT2.0\r\n# Timestamps tick: 1 us\r\n";
}
inline std::string aedat2(int x, int y, bool polarity, std::uint64_t t) {
  return big(static_cast<std::uint64_t>(y << 8 | x << 1 | (polarity ? 1 : 0)), 4) + big(t, 4);
}

inline std::string aedat31_header() {
  return "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n";
}
inline std::string aedat31_packet(int type, std::uint32_t overflow, std::uint32_t capacity,
                                  const std::string& body) {
  const std::uint32_t number = static_cast<std::uint32_t>(body.size() / 8);
  return little(static_cast<std::uint64_t>(type), 2) + little(1, 2) + little(8, 4) + little(4, 4) +
         little(overflow, 4) + little(capacity, 4) + little(number, 4) + little(number, 4) + body +
         std::string((capacity - number) * 8, '\0');
}
inline std::string aedat31(int x, int y, bool polarity, std::uint32_t t, bool valid = true) {
  const auto word = static_cast<std::uint32_t>(x) << 17 | static_cast<std::uint32_t>(y) << 2;
  return little(word | (polarity ? 2u : 0u) | (valid ? 1u : 0u), 4) + little(t, 4);
}

inline std::string evt2_header() {
  return "% evt 2.0\n% geometry 640x480\n";
}
inline std::string evt2_time(std::uint32_t high) {
  return little(0x80000000u | high, 4);
}
inline std::string evt2(int x, int y, bool polarity, std::uint32_t low) {
  return little((polarity ? 1u << 28 : 0u) | low << 22 | static_cast<std::uint32_t>(x << 11 | y), 4);
}

inline std::string evt3_header() {
  return "% evt 3.0\n% format EVT3;height=720;width=1280\n";
}
inline std::string evt3(int type, int value) {
  return little(static_cast<std::uint64_t>(type << 12 | value), 2);
}

inline std::string dat_header() {
  return std::string("% Data file containing CD events.\n% Version 2\n% Width 304\n% Height 240\n") + '\x0c' +
         '\x08';
}
inline std::string dat(int x, int y, bool polarity, std::uint64_t t) {
  return little(t, 4) + little((polarity ? 1u << 28 : 0u) | static_cast<std::uint32_t>(y << 14 | x), 4);
}

/// The error that `action` ends with; kind internal and no text where it does not fail.
inline Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "nothing was thrown");
}

/// The folder of a real data set, empty where it is absent: TERN_TEST_DATA/NAME, or beside the source tree.
inline std::filesystem::path real_data(const std::string& name) {
  const char* set = std::getenv("TERN_TEST_DATA");
  const std::filesystem::path root =
      set != nullptr ? std::filesystem::path(set) : std::filesystem::path(TERN_SOURCE_DIR) / "../shared/data";
  return std::filesystem::is_directory(root / name) ? root / name : std::filesystem::path();
}

#define TERN_NEED_REAL_DATA(folder, name)               \
  const std::filesystem::path folder = real_data(name); \
  if (folder.empty()) GTEST_SKIP() << "no real data '" name "' (set TERN_TEST_DATA)"

}  // namespace tern::formats::testing
