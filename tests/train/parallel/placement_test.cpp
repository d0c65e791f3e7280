#include "train/parallel/placement.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::train {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// The placement under these variables and none of the others that count.
Placement placement_with(const Variables& variables) {
  const char* known[] = {"RANK",
                         "WORLD_SIZE",
                         "LOCAL_RANK",
                         "MASTER_ADDR",
                         "MASTER_PORT",
                         "OMPI_COMM_WORLD_RANK",
                         "OMPI_COMM_WORLD_SIZE",
                         "OMPI_COMM_WORLD_LOCAL_RANK",
                         "PMI_RANK",
                         "PMI_SIZE",
                         "MPI_LOCALRANKID",
                         "TORCHELASTIC_USE_AGENT_STORE",
                         "TORCHELASTIC_RESTART_COUNT"};
  for (const char* name : known) unsetenv(name);
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  const auto clear = [](const Variables* set) {
    for (const auto& [name, value] : *set) unsetenv(name.c_str());
  };
  const std::unique_ptr<const Variables, decltype(clear)> guard(&variables, clear);
  return placement_from_environment();
}

std::string refusal(const Variables& variables) {
  try {
    placement_with(variables);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.message();
  }
  return "accepted";
}

TEST(Placement, IsAGroupOfOneWhereNothingIsSet) {
  const Placement placement = placement_with({{"MASTER_ADDR", "node0"}});
  EXPECT_EQ(placement.rank, 0);
  EXPECT_EQ(placement.size, 1);
  EXPECT_EQ(placement_with({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).size, 1);
}

TEST(Placement, FollowsTorchrun) {
  const Placement placement = placement_with({{"RANK", "5"},
                                              {"WORLD_SIZE", "8"},
                                              {"LOCAL_RANK", "1"},
                                              {"MASTER_ADDR", "node0"},
                                              {"MASTER_PORT", "1234"},
                                              {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                              {"TORCHELASTIC_RESTART_COUNT", "2"},
                                              {"OMPI_COMM_WORLD_RANK", "0"},
                                              {"OMPI_COMM_WORLD_SIZE", "4"}});
  EXPECT_EQ(placement.rank, 5);
  EXPECT_EQ(placement.size, 8);
  EXPECT_EQ(placement.local_rank, 1);
  EXPECT_EQ(placement.host, "node0");
  EXPECT_EQ(placement.port, 1234);
  EXPECT_TRUE(placement.store_is_launchers);
  EXPECT_EQ(placement.attempt, 2);
}

TEST(Placement, FollowsMpirun) {
  const Placement open = placement_with(
      {{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "1"}});
  EXPECT_EQ(open.rank, 1);
  EXPECT_EQ(open.size, 2);
  EXPECT_EQ(open.local_rank, 1);
  EXPECT_EQ(open.host, "127.0.0.1");
  EXPECT_EQ(open.port, 29500);
  EXPECT_FALSE(open.store_is_launchers);
  const Placement mpich = placement_with({{"PMI_RANK", "2"}, {"PMI_SIZE", "3"}, {"MASTER_PORT", "4000"}});
  EXPECT_EQ(mpich.rank, 2);
  EXPECT_EQ(mpich.port, 4000);
}

TEST(Placement, RefusesContradictions) {
  EXPECT_EQ(refusal({{"RANK", "2"}, {"WORLD_SIZE", "2"}}),
            "RANK is 2, but WORLD_SIZE is 2: ranks run from 0 to 1");
  EXPECT_EQ(refusal({{"RANK", "0"}}),
            "RANK is set but WORLD_SIZE is not: set both, or none for a single process");
  EXPECT_EQ(refusal({{"PMI_SIZE", "2"}}),
            "PMI_SIZE is set but PMI_RANK is not: set both, or none for a single process");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "29500"}}),
            "WORLD_SIZE is 2, but MASTER_ADDR is not set: it says where rank 0 is met");
  EXPECT_EQ(refusal({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "node0"}}),
            "WORLD_SIZE is 2, but MASTER_PORT is not set: it says where rank 0 is met");
}

TEST(Placement, RefusesWhatIsNoNumber) {
  const Variables joined{{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "node0"}};
  for (const char* port : {"0", "65536", "http", "80x", "-1"}) {
    Variables variables = joined;
    variables.emplace_back("MASTER_PORT", port);
    EXPECT_EQ(refusal(variables),
              fmt::format("MASTER_PORT must be a whole number from 1 to 65535, got '{}'", port));
  }
  EXPECT_NE(refusal({{"RANK", "-1"}, {"WORLD_SIZE", "2"}}).find("RANK must be"), std::string::npos);
  EXPECT_NE(refusal({{"RANK", "0"}, {"WORLD_SIZE", "0"}}).find("WORLD_SIZE must be"), std::string::npos);
}

}  // namespace
}  // namespace tern::train
