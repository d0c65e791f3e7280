#include "compress/structure/channel_constants.hpp"

#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t steps_of_symbolic_time = 16;

/// Marks of a node's output channels as a 0/1 float tensor [channels].
at::Tensor marks_of(const std::vector<std::int64_t>& channels, const ChannelMarks& marks) {
  at::Tensor result = at::empty({static_cast<std::int64_t>(channels.size())}, at::kFloat);
  auto* data = result.data_ptr<float>();
  for (std::size_t i = 0; i < channels.size(); ++i) data[i] = marks[static_cast<std::size_t>(channels[i])] ? 1.0F : 0.0F;
  return result;
}

/// The middle pixel of every step: [steps, channels].
at::Tensor middle(const at::Tensor& dst) {
  return dst.dim() == 4 ? dst.select(3, dst.size(3) / 2).select(2, dst.size(2) / 2) : dst;
}

}  // namespace

ChannelConstants channel_constants(learn::Model& model, const ChannelGraph& graph, const ChannelMarks& marks) {
  const c10::NoGradGuard no_grad;
  const net::Net& net = model.net();
  const net::TensorType& type = net.type(net.input().name);
  std::int64_t num_steps = 1;
  if (type.has_time) num_steps = net.num_steps() > 0 ? net.num_steps() : steps_of_symbolic_time;
  net::Shape sizes = type.shape;
  sizes.insert(sizes.begin(), num_steps);

  ChannelConstants constants{{}, ChannelMarks(marks.size(), 0)};
  learn::ForwardOptions options;
  options.observer = [&](const net::Node&, const at::Tensor& dst) {
    const auto& channels = graph.outputs(constants.values.size());
    const at::Tensor marked = marks_of(channels, marks);
    const at::Tensor values = middle(dst);
    const at::Tensor moves = values.ne(values.select(0, 0)).any(0).logical_and(marked.gt(0)).contiguous();
    const bool* moving = moves.data_ptr<bool>();
    for (std::size_t i = 0; i < channels.size(); ++i)
      if (moving[i]) constants.varying[static_cast<std::size_t>(channels[i])] = 1;
    constants.values.push_back(at::where(marked.gt(0), values.select(0, 0), at::zeros({})).contiguous());
  };
  learn::forward(model, at::zeros(sizes), num_steps, options);
  return constants;
}

}  // namespace tern::compress
