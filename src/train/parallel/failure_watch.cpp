#include "train/parallel/failure_watch.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <torch/csrc/distributed/c10d/Store.hpp>

namespace tern::train {
namespace {

using namespace std::chrono_literals;
constexpr auto poll_interval = 100ms;
constexpr auto answer_limit = 2s;

std::vector<std::uint8_t> to_bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

}  // namespace

struct FailureWatch::State {
  c10::intrusive_ptr<c10d::Store> store;
  std::string failure_key, gone_key;

  std::mutex mutex;
  std::condition_variable wake_thread, answered;
  bool ended = false, thread_is_done = false, store_is_lost = false, has_heard = false;
  std::string reason;
  std::function<void(c10d::Store&)> request;
  int num_answers = 0;
  Clock::time_point deadline;
  std::function<void()> wake;

  /// Has the thread run `action` on the store; false where that failed or took longer than `limit`.
  bool ask(std::function<void(c10d::Store&)> action, Clock::duration limit) {
    std::unique_lock lock(mutex);
    if (store_is_lost) return false;
    const int wanted = num_answers + 1;
    request = std::move(action);
    wake_thread.notify_one();
    if (!answered.wait_for(lock, limit, [&] { return num_answers >= wanted || store_is_lost; }))
      store_is_lost = true;
    return !store_is_lost;
  }

  void hear(const std::vector<std::uint8_t>& told) {
    const std::lock_guard lock(mutex);
    if (reason.empty()) reason.assign(told.begin(), told.end());
  }

  void poll(const std::function<void(c10d::Store&)>& action) {
    if (action) action(*store);
    if (!has_heard && store->check({failure_key})) {
      hear(store->get(failure_key));
      has_heard = true;
      store->add(gone_key, 1);
    }
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!ended) {
      wake_thread.wait_for(lock, poll_interval, [&] { return ended || request; });
      const auto action = std::exchange(request, nullptr);  // one that comes too late is dropped
      if (!store_is_lost && !ended) {
        lock.unlock();
        bool failed = false;
        try {
          poll(action);
        } catch (const std::exception&) {
          failed = true;
        }
        lock.lock();
        store_is_lost = store_is_lost || failed;
        if (action) ++num_answers;
        answered.notify_all();
      }
      if (wake && (!reason.empty() || Clock::now() > deadline)) wake();
    }
    thread_is_done = true;
    answered.notify_all();
  }
};

FailureWatch::FailureWatch(c10::intrusive_ptr<c10d::Store> store, std::string name)
    : state_(std::make_shared<State>()) {
  state_->store = std::move(store);
  state_->failure_key = name + "failure";
  state_->gone_key = name + "gone";
  std::thread([state = state_] { state->run(); }).detach();
}

FailureWatch::~FailureWatch() {
  std::unique_lock lock(state_->mutex);
  state_->ended = true;
  state_->wake = nullptr;
  state_->wake_thread.notify_one();
  state_->answered.wait_for(lock, answer_limit, [&] { return state_->thread_is_done; });
}

std::string FailureWatch::reason() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reason;
}

std::optional<std::string> FailureWatch::tell(const std::string& reason) {
  const bool answered = state_->ask(
      [state = state_, reason](c10d::Store& store) {
        state->hear(store.compareSet(state->failure_key, {}, to_bytes(reason)));
      },
      answer_limit);
  if (const std::string held = this->reason(); answered || !held.empty()) return held;
  return std::nullopt;
}

void FailureWatch::begin_wait(Clock::time_point deadline, std::function<void()> wake) {
  const std::lock_guard lock(state_->mutex);
  state_->deadline = deadline;
  state_->wake = std::move(wake);
}

void FailureWatch::end_wait() {
  const std::lock_guard lock(state_->mutex);
  state_->wake = nullptr;
}

void FailureWatch::leave(int wait_for, std::chrono::milliseconds limit) {
  const Clock::time_point end = Clock::now() + limit;
  auto num_gone = std::make_shared<std::int64_t>(0);
  bool is_first = true;
  do {
    const auto count = [state = state_, num_gone, is_first](c10d::Store& store) {
      // After a failure a rank is counted when it hears of it.
      const bool counts_now = is_first && !std::exchange(state->has_heard, true);
      *num_gone = store.add(state->gone_key, counts_now ? 1 : 0);
    };
    if (!state_->ask(count, answer_limit)) return;
    is_first = false;
    if (*num_gone >= wait_for) return;
    std::this_thread::sleep_for(20ms);
  } while (Clock::now() < end);
}

}  // namespace tern::train
