#include "train/parallel/link.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <regex>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/error.hpp"
#include "base/hash.hpp"

namespace tern::train {
namespace {

using Clock = FailureWatch::Clock;
using std::chrono::milliseconds;
constexpr milliseconds goodbye_limit{10'000}, goodbye_limit_after_failure{2'000};
/// Gloo's own limit drops every connection of the rank, without words: it is for the case that the watch is
/// stuck.
constexpr milliseconds grace{3'000};

milliseconds to_ms(double seconds) {
  return milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

/// What a library's exception says, on one line, without the source line that it begins with and the port of
/// a connection that nobody knows.
std::string words_of(const std::exception& error) {
  std::string text = error.what();
  text = text.substr(0, text.find('\n'));
  if (const auto end = text.find("] "); text.starts_with('[') && end != std::string::npos)
    text = text.substr(end + 2);
  return std::regex_replace(text, std::regex(R"( \[[^\]]*\]:\d+)"), "");
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::shared_ptr<gloo::transport::Device> make_device(const std::string& host) {
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  if (interface != nullptr && *interface != '\0')
    return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
  if (is_loopback(host)) return c10d::ProcessGroupGloo::createDeviceForHostname(host);
  return c10d::ProcessGroupGloo::createDefaultDevice();
}

void ignore_broken_pipes() {
  struct sigaction now {};
  if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

ProcessGroup::Link::Link(const Placement& placement, double timeout_s, double join_timeout_s)
    : placement_(placement), timeout_s_(timeout_s), num_exceptions_(std::uncaught_exceptions()) {
  ignore_broken_pipes();
  c10::intrusive_ptr<c10d::Store> store;
  try {
    c10d::TCPStoreOptions options;
    options.port = placement.port;
    options.isServer = placement.rank == 0 && !placement.store_is_launchers;
    options.waitWorkers = false;
    options.timeout =
        std::chrono::ceil<std::chrono::seconds>(to_ms(join_timeout_s));  // it counts in whole ones
    store = c10::make_intrusive<c10d::TCPStore>(placement.host, options);
  } catch (const std::exception& error) {
    const bool serves = placement.rank == 0 && !placement.store_is_launchers;
    fail(ErrorKind::io, name_of(placement.rank), "cannot {} {}:{} within {:g} s ({})",
         serves ? "serve the store at" : "reach " + store_owner() + " at", placement.host, placement.port,
         join_timeout_s, words_of(error));
  }
  const std::string name = fmt::format("tern/{}/", placement.attempt);
  meet(store, name, join_timeout_s);
  try {
    auto options = c10d::ProcessGroupGloo::Options::create(to_ms(join_timeout_s));
    options->devices = {make_device(placement.host)};
    options->threads = 1;
    gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>(name + "gloo", store), placement.rank, placement.size,
        options);
  } catch (const std::exception& error) {
    fail(ErrorKind::io, name_of(placement.rank), "cannot connect to the other ranks ({})", words_of(error));
  }
  watch_ = std::make_unique<FailureWatch>(store, name);
}

void ProcessGroup::Link::meet(const c10::intrusive_ptr<c10d::Store>& store, const std::string& name,
                              double join_timeout_s) {
  const auto key_of = [&](int rank) { return fmt::format("{}joined/{}", name, rank); };
  const Clock::time_point end = Clock::now() + to_ms(join_timeout_s);
  std::string missing, words;
  try {
    if (store->add(key_of(placement_.rank), 1) != 1)
      fail(ErrorKind::usage, name_of(placement_.rank), "another process has joined {}:{} with the same rank",
           placement_.host, placement_.port);
    for (int rank = 0; rank < placement_.size; ++rank) {
      const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
      try {
        store->wait({key_of(rank)}, std::max(left, milliseconds(1)));
      } catch (const std::exception& error) {
        missing += (missing.empty() ? "" : ", ") + std::to_string(rank);
        words = words_of(error);
      }
    }
  } catch (const std::exception& error) {
    if (dynamic_cast<const Error*>(&error) != nullptr) throw;
    fail(ErrorKind::io, name_of(placement_.rank), "{} stopped answering ({})", store_owner(),
         words_of(error));
  }
  if (!missing.empty())
    fail(ErrorKind::io, name_of(placement_.rank),
         "of {} ranks, these did not come to {}:{} within {:g} s: {} ({})", placement_.size, placement_.host,
         placement_.port, join_timeout_s, missing, words);
}

ProcessGroup::Link::~Link() {
  if (!watch_) return;
  if (failure_.empty() && std::uncaught_exceptions() > num_exceptions_) abandon("it left on an error");
  const bool serves_store = placement_.rank == 0 && !placement_.store_is_launchers;
  const bool has_failed = !watch_->reason().empty();
  // Of those that live, one may have been lost.
  const int wait_for = serves_store ? placement_.size - (has_failed ? 1 : 0) : 0;
  watch_->leave(wait_for, has_failed ? goodbye_limit_after_failure : goodbye_limit);
}

std::string ProcessGroup::Link::name_of(int rank) const {
  return fmt::format("rank {} of {}", rank, placement_.size);
}

std::string ProcessGroup::Link::store_owner() const {
  return placement_.store_is_launchers ? "the launcher's store" : name_of(0);
}

std::string ProcessGroup::Link::lateness(std::string_view what) const {
  return fmt::format("nothing for {:g} s in {}", timeout_s_, what);
}

void ProcessGroup::Link::fail_on(int peer, const std::string& words) {
  const std::string reason = fmt::format("{} stopped answering ({})", name_of(peer), words);
  const std::optional<std::string> held = watch_->tell(reason);
  if (held)
    failure_ = *held;
  else if (placement_.rank == 0 || peer == 0)
    failure_ = reason;
  else
    failure_ = fmt::format("{} stopped answering (its store has gone)", store_owner());
  fail(ErrorKind::io, name_of(placement_.rank), "{}", failure_);
}

void ProcessGroup::Link::abandon(std::string_view reason) {
  if (!failure_.empty()) return;
  failure_ = fmt::format("{} gave up: {}", name_of(placement_.rank), reason);
  watch_->tell(failure_);
}

void ProcessGroup::Link::post(const std::vector<at::Tensor>& sends, const std::vector<at::Tensor>& receives,
                              Works& works) {
  // Ends that disagree on a message's length or on the call they are in find no counterpart, and say so in
  // time.
  const auto tag_of = [&](std::int64_t bytes) {
    const std::int64_t key[2] = {sequence_, bytes};
    return static_cast<int>(fnv1a_64({reinterpret_cast<const char*>(key), sizeof key}) & 0x7fffffff);
  };
  const auto is_message = [&](const std::vector<at::Tensor>& tensors, int peer) {
    const at::Tensor& tensor = tensors[static_cast<std::size_t>(peer)];
    return peer != placement_.rank && tensor.defined() && tensor.numel() > 0;
  };
  const auto start = [&](int peer, const at::Tensor& tensor, bool receives_here) {
    std::vector<at::Tensor> message{tensor};
    const int tag = tag_of(static_cast<std::int64_t>(tensor.nbytes()));
    try {
      works.emplace_back(peer,
                         receives_here ? gloo_->recv(message, peer, tag) : gloo_->send(message, peer, tag));
    } catch (const std::exception& error) {
      fail_on(peer, words_of(error));
    }
  };
  for (int peer = 0; peer < placement_.size; ++peer)
    if (is_message(receives, peer)) start(peer, receives[static_cast<std::size_t>(peer)], true);
  for (int peer = 0; peer < placement_.size; ++peer)
    if (is_message(sends, peer)) start(peer, sends[static_cast<std::size_t>(peer)], false);
}

void ProcessGroup::Link::wait(std::string_view what, Works& works) {
  const milliseconds limit = to_ms(timeout_s_);
  const Clock::time_point deadline = Clock::now() + limit;
  watch_->begin_wait(deadline, [&works] {
    for (auto& [peer, work] : works) work->abort();
  });
  const auto end_wait = [this](void*) { watch_->end_wait(); };
  const std::unique_ptr<void, decltype(end_wait)> guard(this, end_wait);
  for (auto& [peer, work] : works) {
    std::string words;
    try {
      if (work->wait(limit + grace)) continue;
      words = lateness(what);
    } catch (const std::exception& error) {
      words = Clock::now() > deadline ? lateness(what) : words_of(error);
    }
    fail_on(peer, words);
  }
}

void ProcessGroup::Link::exchange(std::string_view what, const std::vector<at::Tensor>& sends,
                                  const std::vector<at::Tensor>& receives) {
  if (failure_.empty()) failure_ = watch_->reason();
  if (!failure_.empty()) fail(ErrorKind::io, name_of(placement_.rank), "{}", failure_);
  ++sequence_;
  Works works;
  post(sends, receives, works);
  wait(what, works);
}

}  // namespace tern::train
