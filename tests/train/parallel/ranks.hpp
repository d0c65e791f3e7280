// Runs a piece of a test in several real processes: copies of the test program that run a named body instead
// of tests.
#pragma once

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "learn/torch.hpp"
#include "train/parallel/process_group.hpp"

namespace tern::train {

/// What a rank does; what it writes to `out` comes back to the test, and so does the Error that it ends on.
using RankBody = std::function<void(ProcessGroup& group, std::ostream& out)>;

inline std::map<std::string, RankBody>& rank_bodies() {
  static std::map<std::string, RankBody> bodies;
  return bodies;
}

inline bool add_rank_body(const std::string& name, RankBody body) {
  return rank_bodies().emplace(name, std::move(body)).second;
}

/// In a copy: runs the body in place of the tests, and ends the process.
class RankEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    const char* name = std::getenv("TERN_RANK_BODY");
    if (name == nullptr) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    at::set_num_threads(1);
    int code = 0;
    try {
      // A busy machine may start one copy long before another.
      const auto group =
          ProcessGroup::join(placement_from_environment(), {.timeout_s = 0, .join_timeout_s = 60});
      rank_bodies().at(name)(*group, std::cout);
    } catch (const Error& error) {
      std::cout << "ERROR " << name_of(error.kind()) << ": " << error.what() << "\n";
      code = 3;
    }
    std::cout.flush();
    std::_Exit(code);
  }
};
inline const auto* const rank_environment = ::testing::AddGlobalTestEnvironment(new RankEnvironment);

struct RankResult {
  int code = -1;  ///< exit code; -1 after a signal
  int signal = 0;
  std::string out;  ///< behind the test framework's own lines
};

inline int free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  close(listener);
  return ntohs(address.sin_port);
}

/// Starts `size` copies that join each other and run `body`, and waits for all of them. Variables are added
/// to each copy's environment. A copy that is stopped is killed once all others have ended.
inline std::vector<RankResult> run_ranks(int size, const std::string& body,
                                         const std::vector<std::string>& variables = {}) {
  const int port = free_port();
  const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() +
                           std::string(".") + ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::vector<pid_t> processes(static_cast<std::size_t>(size));
  std::vector<int> pipes(processes.size());
  for (int rank = 0; rank < size; ++rank) {
    std::vector<std::string> texts = variables;
    texts.insert(texts.end(), {"TERN_RANK_BODY=" + body, "OMP_NUM_THREADS=1", "RANK=" + std::to_string(rank),
                               "WORLD_SIZE=" + std::to_string(size), "MASTER_ADDR=127.0.0.1",
                               "MASTER_PORT=" + std::to_string(port)});
    std::vector<char*> environment;
    for (std::string& text : texts) environment.push_back(text.data());
    for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
    environment.push_back(nullptr);
    std::string filter = "--gtest_filter=" + test, program = "test_train";
    char* arguments[] = {program.data(), filter.data(), nullptr};
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const auto i = static_cast<std::size_t>(rank);
    EXPECT_EQ(posix_spawn(&processes[i], "/proc/self/exe", &actions, nullptr, arguments, environment.data()),
              0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    pipes[i] = ends[0];
  }
  std::vector<RankResult> results(processes.size());
  std::vector<pid_t> stopped;
  std::size_t num_ended = 0;
  while (num_ended < processes.size()) {
    int status = 0;
    const pid_t process = waitpid(-1, &status, WUNTRACED);
    const auto found = std::find(processes.begin(), processes.end(), process);
    if (found == processes.end()) break;
    RankResult& result = results[static_cast<std::size_t>(found - processes.begin())];
    if (WIFSTOPPED(status))
      stopped.push_back(process);
    else
      ++num_ended;
    if (WIFEXITED(status)) result.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    if (num_ended + stopped.size() == processes.size()) {
      for (const pid_t last : stopped) kill(last, SIGKILL);
      stopped.clear();
    }
  }
  for (std::size_t i = 0; i < pipes.size(); ++i) {
    char buffer[4096];
    for (ssize_t count; (count = read(pipes[i], buffer, sizeof buffer)) > 0;)
      results[i].out.append(buffer, static_cast<std::size_t>(count));
    close(pipes[i]);
    const std::string last_line = "test environment set-up.\n";
    const auto end = results[i].out.find(last_line);
    if (end != std::string::npos) results[i].out.erase(0, end + last_line.size());
  }
  return results;
}

}  // namespace tern::train
