#include <vector>

#include "data/transforms/transforms.hpp"

namespace tern::data::transforms {
namespace {

/// Time of the last event of each pixel, with a border of one pixel so that neighbours need no bounds check.
class LastTimes {
 public:
  LastTimes(int width, int height)
      : stride_(static_cast<std::size_t>(width) + 2),
        times_(stride_ * (static_cast<std::size_t>(height) + 2), never) {}

  bool neighbour_within(const formats::Event& event, std::int64_t dt_us) const {
    const std::size_t at = index(event);
    for (const std::size_t neighbour : {at - 1, at + 1, at - stride_, at + stride_})
      if (times_[neighbour] != never && event.t_us - times_[neighbour] <= dt_us) return true;
    return false;
  }
  void note(const formats::Event& event) { times_[index(event)] = event.t_us; }

 private:
  static constexpr std::int64_t never = INT64_MIN;
  std::size_t index(const formats::Event& event) const {
    return (static_cast<std::size_t>(event.y) + 1) * stride_ + static_cast<std::size_t>(event.x) + 1;
  }
  std::size_t stride_;
  std::vector<std::int64_t> times_;
};

void apply_denoise(formats::Recording& recording, const TransformParameters& parameters, Rng&) {
  const auto dt_us = static_cast<std::int64_t>(parameters.at("dt_us"));
  LastTimes last(recording.width, recording.height);
  std::erase_if(recording.events, [&](const formats::Event& event) {
    const bool keep = last.neighbour_within(event, dt_us);
    last.note(event);
    return !keep;
  });
}

}  // namespace

const TransformRow denoise{
    .info = {"denoise",
             "drop events without a recent event at a neighbouring pixel",
             "tonic, Denoise (nearest-neighbour filter)",
             {{"dt_us", "int", "10000", "0..1e9", "how recent the neighbour must be"}}},
    .ranges = {{10000, 0, 1e9}},
    .random = false,
    .apply = apply_denoise,
};

}  // namespace tern::data::transforms
