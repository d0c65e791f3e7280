#include "report/result_store.hpp"

#include <filesystem>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "synthetic.hpp"

namespace tern::report {
namespace {
namespace fs = std::filesystem;

struct ResultStoreTest : ::testing::Test {
  fs::path folder = fs::temp_directory_path() / ("tern_store_" + std::to_string(::getpid()));
  fs::path path = folder / "deep" / "results.db";
  void SetUp() override { fs::remove_all(folder); }
  void TearDown() override { fs::remove_all(folder); }

  static StudyInfo info() { return {"events", "epochs: 3\n", "", 7, "", {{"cpu", "one \"quoted\""}}}; }
  static std::vector<TrialSpec> specs(int count) {
    std::vector<TrialSpec> specs;
    for (int i = 0; i < count; ++i)
      specs.push_back({fmt::format("joint/w2/s0.80/seed{}", i), "quantize:w=2", "joint", 2, 0.8,
                       static_cast<std::uint64_t>(i)});
    return specs;
  }
};

void expect_same(double a, double b) {
  EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << a << " and " << b;
}

TEST_F(ResultStoreTest, GivesBackWhatWasSaved) {
  TrialRecord record = synthetic_trial("joint", 2, 0.8, ~std::uint64_t{0});
  record.test_accuracy = not_measured;
  record.epochs[1].train_loss = not_measured;
  {
    ResultStore store(path);
    store.add_study(info());
    store.save("events", record);
    store.save("events", record);
  }
  const ResultStore store(path);
  const auto records = store.load("events");
  ASSERT_EQ(records.size(), 1u);
  const TrialRecord& found = records[0];
  EXPECT_EQ(found.key, record.key);
  EXPECT_EQ(found.plan, record.plan);
  EXPECT_EQ(found.seed, record.seed);
  EXPECT_EQ(found.run_dir, record.run_dir);
  EXPECT_EQ(found.validation_accuracy, record.validation_accuracy);
  EXPECT_TRUE(std::isnan(found.test_accuracy));
  EXPECT_EQ(found.breakdown_pj, record.breakdown_pj);
  EXPECT_EQ(found.activation_bits, 8);
  EXPECT_EQ(found.nonzeros, record.nonzeros);
  EXPECT_EQ(found.file_bytes, record.file_bytes);
  EXPECT_EQ(found.macs, record.macs);
  EXPECT_EQ(found.bit_operations, record.bit_operations);
  EXPECT_EQ(found.synops, record.synops);
  ASSERT_EQ(found.epochs.size(), record.epochs.size());
  for (std::size_t i = 0; i < record.epochs.size(); ++i) {
    EXPECT_EQ(found.epochs[i].epoch, record.epochs[i].epoch);
    expect_same(found.epochs[i].train_loss, record.epochs[i].train_loss);
    expect_same(found.epochs[i].seconds, record.epochs[i].seconds);
  }
  ASSERT_EQ(found.layers.size(), record.layers.size());
  for (std::size_t i = 0; i < record.layers.size(); ++i) {
    EXPECT_EQ(found.layers[i].node, record.layers[i].node);
    EXPECT_EQ(found.layers[i].weights, record.layers[i].weights);
    EXPECT_EQ(found.layers[i].encoding, record.layers[i].encoding);
    expect_same(found.layers[i].scale, record.layers[i].scale);
    expect_same(found.layers[i].energy_pj, record.layers[i].energy_pj);
  }
}

TEST_F(ResultStoreTest, AddingAndReopeningAreHarmless) {
  std::string created;
  for (int round = 0; round < 2; ++round) {
    ResultStore store(path);
    store.add_study(info());
    EXPECT_EQ(store.add_trials("events", specs(3)), round == 0 ? 3u : 0u);
    const StudyInfo study = store.study("events");
    if (round == 0) created = study.created;
    EXPECT_EQ(study.created, created);
    EXPECT_EQ(study.config_hash.size(), 16u);
    EXPECT_EQ(study.environment, info().environment);
    EXPECT_EQ(store.counts("events").pending, 3);
  }
  ResultStore store(path);
  EXPECT_EQ(store.add_trials("events", specs(5)), 2u);
  EXPECT_EQ(store.studies(), std::vector<std::string>{"events"});
}

TEST_F(ResultStoreTest, RefusesAnotherConfigurationAndAnotherPlan) {
  ResultStore store(path);
  store.add_study(info());
  store.add_trials("events", specs(1));
  StudyInfo changed = info();
  changed.config = "epochs: 4\n";
  EXPECT_THROW(store.add_study(changed), Error);
  store.add_study(changed, true);
  EXPECT_EQ(store.study("events").config, "epochs: 4\n");
  auto other = specs(1);
  other[0].plan = "quantize:w=3";
  EXPECT_THROW(store.add_trials("events", other), Error);
  EXPECT_THROW(store.load("missing"), Error);
  TrialRecord record;
  record.key = "a";
  record.status = "finished";
  EXPECT_THROW(store.save("events", record), Error);
}

TEST_F(ResultStoreTest, ClaimsInOrderAndOnlyOnce) {
  ResultStore store(path);
  store.add_study(info());
  store.add_trials("events", specs(2));
  const Worker one = Worker::here("one"), two = Worker::here("two");
  EXPECT_EQ(store.claim_next("events", one)->key, specs(2)[0].key);
  EXPECT_EQ(store.claim_next("events", two)->key, specs(2)[1].key);
  EXPECT_FALSE(store.claim_next("events", one).has_value());
  EXPECT_TRUE(store.heartbeat("events", specs(2)[0].key, one));
  EXPECT_FALSE(store.heartbeat("events", specs(2)[0].key, two));
  store.release("events", specs(2)[1].key, one);
  EXPECT_EQ(store.counts("events").running, 2);
  store.release("events", specs(2)[1].key, two);
  EXPECT_EQ(store.claim_next("events", one)->key, specs(2)[1].key);
}

TEST_F(ResultStoreTest, TakesOverSilentAndDeadWorkers) {
  ResultStore store(path);
  store.add_study(info());
  store.add_trials("events", specs(1));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  Worker dead = Worker::here("dead");
  dead.pid = child;
  dead.started = 1;
  ASSERT_TRUE(store.claim_next("events", dead));
  const Worker here = Worker::here();
  ASSERT_TRUE(store.claim_next("events", here)) << "its process is gone";
  EXPECT_FALSE(store.heartbeat("events", specs(1)[0].key, dead));
  Worker far = Worker::here("far");
  far.host = "another-host";
  EXPECT_FALSE(store.claim_next("events", far)) << "the claim is alive";
  EXPECT_TRUE(store.claim_next("events", far, -1)) << "silent for longer than allowed";
  EXPECT_FALSE(store.claim_next("events", here)) << "nobody knows whether a process of another host lives";
}

TEST_F(ResultStoreTest, APidUsedAgainIsAnotherProcess) {
  ResultStore store(path);
  store.add_study(info());
  store.add_trials("events", specs(1));
  Worker earlier = Worker::here();
  if (earlier.started == 0) GTEST_SKIP() << "no /proc here";
  earlier.started -= 1;
  ASSERT_TRUE(store.claim_next("events", earlier));
  EXPECT_TRUE(store.claim_next("events", Worker::here()));
}

TEST_F(ResultStoreTest, FailedTrialsWaitForRetry) {
  ResultStore store(path);
  store.add_study(info());
  store.add_trials("events", specs(1));
  store.claim_next("events", Worker::here());
  TrialRecord record;
  static_cast<TrialSpec&>(record) = specs(1)[0];
  record.status = "failed";
  record.error = "loss is NaN";
  store.save("events", record);
  EXPECT_FALSE(store.claim_next("events", Worker::here()));
  EXPECT_EQ(store.find("events", record.key)->error, "loss is NaN");
  EXPECT_FALSE(store.find("events", "missing"));
  EXPECT_EQ(store.retry_failed("events"), 1u);
  EXPECT_TRUE(store.claim_next("events", Worker::here()));
}

TEST_F(ResultStoreTest, SavingProgressKeepsTheClaim) {
  ResultStore store(path);
  store.add_study(info());
  store.add_trials("events", specs(1));
  const Worker worker = Worker::here();
  TrialRecord record;
  static_cast<TrialSpec&>(record) = *store.claim_next("events", worker);
  record.status = "running";
  store.save("events", record);
  EXPECT_TRUE(store.heartbeat("events", record.key, worker));
  record.status = "done";
  store.save("events", record);
  EXPECT_FALSE(store.heartbeat("events", record.key, worker));
  EXPECT_EQ(store.counts("events").done, 1);
}

// Each process opens the new file itself, claims until nothing is left and writes down its own name in the
// results.
void work(const fs::path& path, const StudyInfo& study, const std::vector<TrialSpec>& specs,
          const std::string& name) {
  ResultStore store(path);
  store.add_study(study);
  store.add_trials(study.name, specs);
  const Worker worker = Worker::here(name);
  while (const auto spec = store.claim_next(study.name, worker)) {
    TrialRecord record;
    static_cast<TrialSpec&>(record) = *spec;
    if (store.find(study.name, spec->key)->run_dir != "") ::_exit(3);  // somebody did it before
    record.status = "done";
    record.run_dir = name;
    store.save(study.name, record);
  }
}

TEST_F(ResultStoreTest, ProcessesShareTheTrials) {
  fs::create_directories(path.parent_path());
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        work(path, info(), specs(40), fmt::format("worker{}", i));
        ::_exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  ResultStore store(path);
  EXPECT_EQ(store.counts("events").done, 40);
}

TEST_F(ResultStoreTest, ThreadsShareOneStore) {
  ResultStore store(path);
  store.add_study(info());
  store.add_trials("events", specs(30));
  std::vector<std::string> claimed[3];
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&, i] {
      while (const auto spec = store.claim_next("events", Worker::here(std::to_string(i))))
        claimed[i].push_back(spec->key);
    });
  for (auto& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& keys : claimed) all.insert(keys.begin(), keys.end());
  EXPECT_EQ(all.size(), 30u);
  EXPECT_EQ(claimed[0].size() + claimed[1].size() + claimed[2].size(), 30u);
}

TEST_F(ResultStoreTest, DropsWhatAStudyNoLongerAsksFor) {
  ResultStore store(path);
  store.add_study({"s", "a: 1", "", 1, "", {}});
  const std::vector<TrialSpec> asked{{"done/seed1", "", "done", 32, 0, 1}, {"old/seed1", "", "old", 32, 0, 1},
                                     {"new/seed1", "", "new", 32, 0, 1}};
  store.add_trials("s", asked);
  TrialRecord record;
  static_cast<TrialSpec&>(record) = asked[0];
  record.status = "done";
  store.save("s", record);
  store.drop_unfinished_except("s", std::span(asked).last(1));
  EXPECT_TRUE(store.find("s", "done/seed1").has_value()) << "results are kept";
  EXPECT_FALSE(store.find("s", "old/seed1").has_value());
  EXPECT_TRUE(store.find("s", "new/seed1").has_value());
}

}  // namespace
}  // namespace tern::report
