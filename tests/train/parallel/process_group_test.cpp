#include "train/parallel/process_group.hpp"

#include <chrono>
#include <thread>

#include "train/parallel/ranks.hpp"

namespace tern::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Sums of small and large buckets of mixed types: the large one takes two rounds.
const bool sums = add_rank_body("sums", [](ProcessGroup& group, std::ostream& out) {
  const double r = group.rank(), n = group.size();
  std::vector<at::Tensor> tensors{
      at::full({2, 3}, r + 1, at::kFloat), at::arange(50'000, at::kFloat).mul_(r + 1),
      at::full({1}, group.rank() + 1, at::kLong), at::full({4, 2}, 0.5 * r, at::kDouble).t()};
  group.all_reduce_sum(tensors);
  const double total = n * (n + 1) / 2;
  out << tensors[0].eq(total).all().item<bool>()
      << tensors[1].eq(at::arange(50'000, at::kFloat) * total).all().item<bool>()
      << (tensors[2].item<std::int64_t>() == static_cast<std::int64_t>(total))
      << tensors[3].eq(0.5 * (total - n)).all().item<bool>() << "\n";
});

/// (1e8 + 1) - 1e8 is 0 in float32; any other order gives 1. Rank 0 comes last.
const bool ordered_sums = add_rank_body("ordered sums", [](ProcessGroup& group, std::ostream& out) {
  const float values[] = {1e8F, 1.0F, -1e8F};
  for (const std::int64_t length : {1, 100'000}) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 * (2 - group.rank())));
    std::vector<at::Tensor> tensors{at::full({length}, values[group.rank()], at::kFloat)};
    group.all_reduce_sum(tensors);
    out << tensors[0].eq(0).all().item<bool>();
  }
  out << "\n";
});

const bool gathers = add_rank_body("gathers", [](ProcessGroup& group, std::ostream& out) {
  const int rank = group.rank();
  for (const std::string& bytes :
       group.all_gather(std::string(static_cast<std::size_t>(2 * rank), static_cast<char>('a' + rank))))
    out << "[" << bytes << "]";
  const at::Tensor rows = group.all_gather_rows(at::full({3 - rank, 2}, rank, at::kInt));
  out << " " << rows.size(0) << "x" << rows.size(1) << ":";
  for (std::int64_t i = 0; i < rows.size(0); ++i) out << rows[i][1].item<int>();
  std::vector<at::Tensor> tensors{at::full({3}, rank, at::kFloat),
                                  at::full({2, 2}, 10 * rank, at::kLong).t()};
  group.broadcast(tensors, 1);
  out << " " << tensors[0][2].item<float>() << " " << tensors[1][0][1].item<std::int64_t>();
  group.barrier();
  const bool stops = group.any(rank == 2), goes_on = !group.any(false);
  out << " " << stops << goes_on << "\n";
});

/// Steps until rank 1 meets its fate at the tenth; says how long after the last step that came to an error.
void work_until(ProcessGroup& group, std::ostream& out, const std::function<void()>& fate) {
  Clock::time_point last_step = Clock::now();
  try {
    for (int step = 0; step < 1000; ++step) {
      if (group.rank() == 1 && step == 10) fate();
      if (group.rank() == 2 && step == 10) std::this_thread::sleep_for(std::chrono::milliseconds(700));
      std::vector<at::Tensor> tensors{at::ones({30'000})};
      group.all_reduce_sum(tensors);
      last_step = Clock::now();
    }
  } catch (const Error&) {
    out << (seconds_since(last_step) < 3 ? "soon " : seconds_since(last_step) < 10 ? "in time " : "late ");
    throw;
  }
}
const bool killed = add_rank_body(
    "killed", [](ProcessGroup& group, std::ostream& out) { work_until(group, out, [] { raise(SIGKILL); }); });
const bool stopped = add_rank_body("stopped", [](ProcessGroup& group, std::ostream& out) {
  work_until(group, out, [] { raise(SIGSTOP); });
});
const bool thrown = add_rank_body("thrown", [](ProcessGroup& group, std::ostream& out) {
  work_until(group, out, [] { fail(ErrorKind::bad_data, "epoch 1", "the loss is nan"); });
});
const bool abandoned = add_rank_body("abandoned", [](ProcessGroup& group, std::ostream& out) {
  work_until(group, out, [&] { group.abandon("the loss is nan"); });
});
/// The store goes with rank 0.
const bool killed_first = add_rank_body("killed first", [](ProcessGroup& group, std::ostream& out) {
  try {
    for (int step = 0; step < 1000; ++step) {
      if (group.rank() == 0 && step == 10) raise(SIGKILL);
      group.barrier();
    }
  } catch (const Error&) {
    out << "checkpoint written\n";
    throw;
  }
});

TEST(ProcessGroup, SumsAreTheClosedForm) {
  for (const int size : {2, 3})
    for (const RankResult& result : run_ranks(size, "sums")) {
      EXPECT_EQ(result.code, 0);
      EXPECT_EQ(result.out, "1111\n");
    }
}

TEST(ProcessGroup, SumsInRankOrder) {
  for (const RankResult& result : run_ranks(3, "ordered sums")) EXPECT_EQ(result.out, "11\n");
}

TEST(ProcessGroup, GathersAndBroadcasts) {
  for (const RankResult& result : run_ranks(3, "gathers"))
    EXPECT_EQ(result.out, "[][bb][cccc] 6x2:000112 1 10 11\n");
}

TEST(ProcessGroup, AKilledRankEndsTheOthers) {
  const auto results = run_ranks(3, "killed");
  EXPECT_EQ(results[1].signal, SIGKILL);
  for (const int rank : {0, 2}) {
    const RankResult& result = results[static_cast<std::size_t>(rank)];
    EXPECT_EQ(result.code, 3);
    EXPECT_EQ(result.out.find(fmt::format(
                  "soon ERROR input/output: rank {} of 3: rank 1 of 3 stopped answering (", rank)),
              0U)
        << result.out;
  }
}

TEST(ProcessGroup, TheFirstRankMayBeTheOneKilled) {
  const auto results = run_ranks(3, "killed first");
  EXPECT_EQ(results[0].signal, SIGKILL);
  for (const int rank : {1, 2}) {
    const std::string wanted = fmt::format(
        "checkpoint written\nERROR input/output: rank {} of 3: rank 0 of 3 stopped answering (", rank);
    EXPECT_EQ(results[static_cast<std::size_t>(rank)].out.find(wanted), 0U)
        << results[static_cast<std::size_t>(rank)].out;
  }
}

TEST(ProcessGroup, AStoppedRankEndsTheOthersInTime) {
  const auto results = run_ranks(3, "stopped", {"TERN_TIMEOUT_S=4"});
  for (const int rank : {0, 2})
    EXPECT_EQ(results[static_cast<std::size_t>(rank)].out,
              fmt::format("in time ERROR input/output: rank {} of 3: rank 1 of 3 stopped answering "
                          "(nothing for 4 s in all-reduce)\n",
                          rank));
}

TEST(ProcessGroup, ARankThatEndsOnAnErrorSaysSo) {
  auto results = run_ranks(2, "thrown");
  EXPECT_EQ(results[1].out, "soon ERROR bad data: epoch 1: the loss is nan\n");
  EXPECT_EQ(results[0].out,
            "soon ERROR input/output: rank 0 of 2: rank 1 of 2 gave up: it left on an error\n");
  results = run_ranks(2, "abandoned");
  EXPECT_EQ(results[0].out, "soon ERROR input/output: rank 0 of 2: rank 1 of 2 gave up: the loss is nan\n");
  EXPECT_EQ(results[1].out, "soon ERROR input/output: rank 1 of 2: rank 1 of 2 gave up: the loss is nan\n");
}

TEST(ProcessGroup, NamesTheRanksThatDoNotCome) {
  Placement placement;
  placement.size = 3;
  placement.port = static_cast<std::uint16_t>(free_port());
  try {
    ProcessGroup::join(placement, {0.3});
    FAIL() << "joined";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_NE(error.message().find("within 0.3 s: 1, 2"), std::string::npos) << error.what();
  }
}

TEST(ProcessGroup, OfOneNeedsNoNetwork) {
  const auto group = ProcessGroup::join(Placement{});
  std::vector<at::Tensor> tensors{at::full({2}, 3.0)};
  group->all_reduce_sum(tensors);
  group->broadcast(tensors, 0);
  group->barrier();
  EXPECT_EQ(tensors[0][1].item<float>(), 3);
  EXPECT_EQ(group->all_gather("one"), std::vector<std::string>{"one"});
  EXPECT_EQ(group->all_gather_rows(tensors[0]).size(0), 2);
  EXPECT_TRUE(group->any(true));
  EXPECT_FALSE(group->any(false));
}

TEST(ProcessGroup, RefusesMisuse) {
  EXPECT_THROW(ProcessGroup::join(Placement{}, {-1}), Error);
  const auto group = ProcessGroup::join(Placement{});
  std::vector<at::Tensor> bytes{at::zeros({2}, at::kByte)};
  EXPECT_THROW(group->all_reduce_sum(bytes), Error);
  EXPECT_THROW(group->broadcast(bytes, 1), Error);
  setenv("TERN_TIMEOUT_S", "soon", 1);
  EXPECT_THROW(ProcessGroup::join(Placement{}), Error);
  unsetenv("TERN_TIMEOUT_S");
}

}  // namespace
}  // namespace tern::train
