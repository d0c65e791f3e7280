#include "train/parallel/placement.hpp"

#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>

#include "base/error.hpp"

namespace tern::train {
namespace {

constexpr std::string_view place = "environment";

std::optional<std::string> text_of(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

/// The whole number that a variable holds. Errors: usage where it is none or outside of [low, high].
int number_of(const char* variable, const std::string& text, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
    fail(ErrorKind::usage, place, "{} must be a whole number from {} to {}, got '{}'", variable, low, high,
         text);
  return value;
}

/// The variables of one kind of launcher.
struct Family {
  const char *rank, *size, *local_rank;
  bool names_master;  ///< MASTER_ADDR and MASTER_PORT come with it
};
constexpr Family families[] = {
    {"RANK", "WORLD_SIZE", "LOCAL_RANK", true},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", false},
    {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", false}};

void read_ranks(const Family& family, Placement& placement) {
  constexpr int most = std::numeric_limits<int>::max();
  const auto rank = text_of(family.rank), size = text_of(family.size);
  if (!rank || !size)
    fail(ErrorKind::usage, place, "{} is set but {} is not: set both, or none for a single process",
         rank ? family.rank : family.size, rank ? family.size : family.rank);
  placement.size = number_of(family.size, *size, 1, most);
  placement.rank = number_of(family.rank, *rank, 0, most);
  if (placement.rank >= placement.size)
    fail(ErrorKind::usage, place, "{} is {}, but {} is {}: ranks run from 0 to {}", family.rank,
         placement.rank, family.size, placement.size, placement.size - 1);
  if (const auto local = text_of(family.local_rank))
    placement.local_rank = number_of(family.local_rank, *local, 0, most);
}

void read_master(const Family& family, Placement& placement) {
  const auto host = text_of("MASTER_ADDR"), port = text_of("MASTER_PORT");
  if (family.names_master && placement.size > 1 && !(host && port))
    fail(ErrorKind::usage, place, "{} is {}, but {} is not set: it says where rank 0 is met", family.size,
         placement.size, host ? "MASTER_PORT" : "MASTER_ADDR");
  if (host) placement.host = *host;
  if (port) placement.port = static_cast<std::uint16_t>(number_of("MASTER_PORT", *port, 1, 65535));
}

}  // namespace

Placement placement_from_environment() {
  Placement placement;
  for (const Family& family : families) {
    if (!text_of(family.rank) && !text_of(family.size)) continue;
    read_ranks(family, placement);
    read_master(family, placement);
    placement.store_is_launchers = text_of("TORCHELASTIC_USE_AGENT_STORE") == "True";
    if (const auto attempt = text_of("TORCHELASTIC_RESTART_COUNT"))
      placement.attempt =
          number_of("TORCHELASTIC_RESTART_COUNT", *attempt, 0, std::numeric_limits<int>::max());
    return placement;
  }
  return placement;
}

}  // namespace tern::train
