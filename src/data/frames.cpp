#include "data/frames.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace tern::data {
namespace {

/// The step of event `i` at time t, -1 where it belongs to none.
class StepOf {
 public:
  StepOf(const EventsToFrames& options, TimeSpan extent, std::int64_t num_events)
      : options_(options), extent_(extent), slice_(num_events / options.num_steps) {}

  std::int64_t operator()(std::int64_t i, std::int64_t t_us) const {
    const std::int64_t last = options_.num_steps - 1;
    if (options_.slicing == Slicing::count) return slice_ == 0 ? last : std::min(i / slice_, last);
    const std::int64_t t = t_us - extent_.begin_us;
    if (t < 0 || t_us >= extent_.end_us) return -1;
    const std::int64_t step =
        options_.step_us > 0 ? t / options_.step_us : equal_window(t, extent_.end_us - extent_.begin_us);
    return step <= last ? step : -1;
  }

 private:
  /// floor(t * T / length) without overflow: recordings may carry times since 1970 in us and be corrupt.
  std::int64_t equal_window(std::int64_t t, std::int64_t length) const {
    const auto product =
        static_cast<unsigned __int128>(t) * static_cast<unsigned __int128>(options_.num_steps);
    return static_cast<std::int64_t>(product / static_cast<unsigned __int128>(length));
  }

  const EventsToFrames& options_;
  TimeSpan extent_;
  std::int64_t slice_;
};

}  // namespace

std::string EventsToFrames::text() const {
  if (slicing == Slicing::count) return fmt::format("frames:by=count,num_steps={}", num_steps);
  if (step_us == 0) return fmt::format("frames:by=time,num_steps={}", num_steps);
  return fmt::format("frames:by=time,num_steps={},step_us={}", num_steps, step_us);
}

TimeSpan extent_of(std::span<const formats::Event> events) {
  if (events.empty()) return {0, 1};
  return {events.front().t_us, events.back().t_us + 1};
}

FrameLosses events_to_frames(const formats::Recording& recording, const EventsToFrames& options,
                             TimeSpan extent, std::span<std::uint8_t> dst) {
  const std::int64_t w = recording.width;
  const std::int64_t h = recording.height;
  if (static_cast<std::int64_t>(dst.size()) != options.num_steps * 2 * h * w)
    fail(ErrorKind::internal, "events_to_frames", "{} cells for {} steps of 2 x {} x {}", dst.size(),
         options.num_steps, h, w);
  std::fill(dst.begin(), dst.end(), std::uint8_t{0});
  std::vector<std::uint8_t> full;  // marks cells that overflowed, made only when one does
  FrameLosses losses;
  const StepOf step_of(options, extent, static_cast<std::int64_t>(recording.events.size()));
  std::int64_t i = 0;
  for (const formats::Event& event : recording.events) {
    const std::int64_t step = step_of(i++, event.t_us);
    if (step < 0) {
      ++losses.dropped;
      continue;
    }
    const auto cell =
        static_cast<std::size_t>(((step * 2 + (event.polarity ? 1 : 0)) * h + event.y) * w + event.x);
    if (dst[cell] < 255) {
      ++dst[cell];
      continue;
    }
    if (full.empty()) full.resize(dst.size());
    losses.saturated += full[cell] == 0 ? 1 : 0;
    full[cell] = 1;
  }
  return losses;
}

}  // namespace tern::data
