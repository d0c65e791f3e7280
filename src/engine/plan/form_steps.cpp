#include "engine/layout.hpp"
#include "engine/plan/other_steps.hpp"
#include "kernels/epilogue.hpp"
#include "kernels/input_frame.hpp"
#include "kernels/spikes.hpp"

namespace tern::engine {
namespace {

net::Shape shape_of(const Storage& s) {
  return s.h * s.w == 1 ? net::Shape{s.c} : net::Shape{s.c, s.h, s.w};
}

class FloatInput final : public Step {
 public:
  explicit FloatInput(std::size_t dst) : dst_(dst) {
    writes = {dst};
    facts.kernel = "transpose";
  }
  void prepare(const std::vector<Storage>& storages) override { shape_ = shape_of(storages[dst_]); }
  void run(const RunState& state) const override {
    const Storage& s = state.storages[dst_];
    to_channels_last(shape_, s.frames(state.num_steps), state.input, state.at<float>(dst_, 0));
  }

 private:
  std::size_t dst_;
  net::Shape shape_;
};

class CodeInput final : public Step {
 public:
  CodeInput(std::size_t dst, const CodeGrid& grid) : dst_(dst), grid_(grid) {
    writes = {dst};
    facts.kernel = "quantize";
  }
  void run(const RunState& state) const override {
    const Storage& s = state.storages[dst_];
    kernels::Epilogue grid;
    grid.inverse_scale = 1.0F / grid_.scale;
    grid.low = grid_.low;
    grid.high = grid_.high;
    grid.offset = grid_.offset;
    for (std::int64_t frame = 0; frame < s.frames(state.num_steps); ++frame) {
      clear_border(state, dst_, frame);
      kernels::quantize_frame({s.c, s.h, s.w, state.input + frame * s.c * s.h * s.w}, grid,
                              {state.at<std::uint8_t>(dst_, frame), s.pixel(), s.row()});
    }
  }

 private:
  std::size_t dst_;
  CodeGrid grid_;
};

class SpikeInput final : public Step {
 public:
  SpikeInput(std::size_t bits, std::size_t floats) : bits_(bits), floats_(floats) {
    writes = {bits, floats};
    facts.kernel = "bits";
  }
  void prepare(const std::vector<Storage>& storages) override { shape_ = shape_of(storages[bits_]); }
  void run(const RunState& state) const override {
    const Storage& s = state.storages[bits_];
    bool is_spikes = true;
    for (std::int64_t frame = 0; frame < s.frames(state.num_steps) && is_spikes; ++frame)
      is_spikes = kernels::pack_frame({s.c, s.h, s.w, state.input + frame * s.c * s.h * s.w},
                                      {state.at<std::uint64_t>(bits_, frame), s.pixel(), s.row()});
    for (std::int64_t frame = 0; frame < s.frames(state.num_steps); ++frame) clear_border(state, bits_, frame);
    *state.input_is_spikes = is_spikes;
    if (!is_spikes)
      to_channels_last(shape_, s.frames(state.num_steps), state.input, state.at<float>(floats_, 0));
  }

 private:
  std::size_t bits_, floats_;
  net::Shape shape_;
};

class Output final : public Step {
 public:
  Output(net::TensorType type, std::size_t src) : type_(std::move(type)), src_(src) {
    reads = {src};
    facts.kernel = "transpose";
  }
  void run(const RunState& state) const override {
    to_channels_first(type_.shape, state.storages[src_].frames(state.num_steps), state.at<const float>(src_, 0), state.output);
  }

 private:
  net::TensorType type_;
  std::size_t src_;
};

class Quantize final : public Step {
 public:
  Quantize(std::size_t src, std::size_t dst, const CodeGrid& grid) : src_(src), dst_(dst) {
    reads = {src};
    writes = {dst};
    facts.kernel = "quantize";
    epilogue_.inverse_scale = 1.0F / grid.scale;
    epilogue_.low = grid.low;
    epilogue_.high = grid.high;
    epilogue_.offset = grid.offset;
  }
  void run(const RunState& state) const override {
    const Storage &src = state.storages[src_], &dst = state.storages[dst_];
    kernels::Epilogue epilogue = epilogue_;
    epilogue.channels = dst.c;
    for (std::int64_t frame = 0; frame < dst.frames(state.num_steps); ++frame) {
      clear_border(state, dst_, frame);
      epilogue.codes = {state.at<std::uint8_t>(dst_, frame), dst.pixel(), dst.row()};
      const float* const values = state.at<const float>(src_, frame);
      for (std::int64_t y = 0; y < dst.h; ++y)
        kernels::finish(epilogue, values + y * src.row(), src.pixel(), y, 0, dst.w, 0, dst.c);
    }
  }

 private:
  std::size_t src_, dst_;
  kernels::Epilogue epilogue_;
};

class ToFloats final : public Step {
 public:
  ToFloats(std::size_t src, std::size_t dst) : src_(src), dst_(dst) {
    reads = {src};
    writes = {dst};
    facts.kernel = "to floats";
  }
  void run(const RunState& state) const override {
    const Storage& src = state.storages[src_];
    for (std::int64_t frame = 0; frame < src.frames(state.num_steps); ++frame) {
      float* dst = state.at<float>(dst_, frame);
      for (std::int64_t y = 0; y < src.h; ++y)
        for (std::int64_t x = 0; x < src.w; ++x, dst += src.c) pixel(state, src, frame, y * src.row() + x * src.pixel(), dst);
    }
  }

 private:
  void pixel(const RunState& state, const Storage& src, std::int64_t frame, std::int64_t at, float* dst) const {
    if (src.form == Form::bits) return kernels::unpack_spikes(src.c, state.at<const std::uint64_t>(src_, frame) + at, dst);
    const std::uint8_t* const codes = state.at<const std::uint8_t>(src_, frame) + at;
    for (std::int64_t c = 0; c < src.c; ++c) dst[c] = static_cast<float>(codes[c] - src.offset) * src.scale;
  }

  std::size_t src_, dst_;
};

}  // namespace

std::unique_ptr<Step> make_input_step(std::size_t floats) { return std::make_unique<FloatInput>(floats); }
std::unique_ptr<Step> make_input_step(std::size_t codes, const CodeGrid& grid) {
  return std::make_unique<CodeInput>(codes, grid);
}
std::unique_ptr<Step> make_spike_input_step(std::size_t bits, std::size_t floats) {
  return std::make_unique<SpikeInput>(bits, floats);
}
std::unique_ptr<Step> make_output_step(net::TensorType type, std::size_t floats) {
  return std::make_unique<Output>(std::move(type), floats);
}
std::unique_ptr<Step> make_quantize_step(std::size_t floats, std::size_t codes, const CodeGrid& grid) {
  return std::make_unique<Quantize>(floats, codes, grid);
}
std::unique_ptr<Step> make_to_floats_step(std::size_t source, std::size_t floats) {
  return std::make_unique<ToFloats>(source, floats);
}

}  // namespace tern::engine
