// How the ranks of a group learn that one of them has failed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <c10/util/intrusive_ptr.h>

namespace c10d {
class Store;
}

namespace tern::train {

/// Watches a key of the group's store from a thread of its own. The first rank to find a failure tells the
/// reason there; every rank hears it within a fraction of a second and whoever waits for a message is woken,
/// so that all of them end with the same words, whatever their own connections say by then.
///
/// All use of the store goes through that one thread: a store on a host that has vanished may never answer,
/// and nobody but that thread waits for it longer than asked.
class FailureWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// `name` begins the keys, such as "tern/0/".
  FailureWatch(c10::intrusive_ptr<c10d::Store> store, std::string name);
  ~FailureWatch();
  FailureWatch(const FailureWatch&) = delete;
  FailureWatch& operator=(const FailureWatch&) = delete;

  /// What ended the group, as told by the first rank; empty while all is well.
  std::string reason() const;
  /// Tells the group. Returns the reason that holds, which another rank may have told before; nothing where
  /// the store does not answer within two seconds.
  std::optional<std::string> tell(const std::string& reason);

  /// From now on `wake` is called, again and again until end_wait, once there is a reason or `deadline` has
  /// passed.
  void begin_wait(Clock::time_point deadline, std::function<void()> wake);
  void end_wait();

  /// Counts this rank as gone. With `wait_for` > 0 it then waits until so many ranks have gone or, after a
  /// failure, have heard of it; at most `limit`. The rank that serves the store leaves last that way.
  void leave(int wait_for, std::chrono::milliseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with the thread, which may outlive this where the store hangs
};

}  // namespace tern::train
