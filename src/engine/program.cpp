#include "engine/program.hpp"

#include <algorithm>
#include <new>
#include <stdexcept>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "engine/plan.hpp"

namespace tern::engine {
namespace {

EngineErrorKind kind_of(ErrorKind kind, EngineErrorKind usage) {
  switch (kind) {
    case ErrorKind::usage: return usage;
    case ErrorKind::bad_data: return EngineErrorKind::bad_model;
    case ErrorKind::io: return EngineErrorKind::io;
    case ErrorKind::unsupported: return EngineErrorKind::unsupported;
    case ErrorKind::interrupted:
    case ErrorKind::internal: return EngineErrorKind::internal;
  }
  return EngineErrorKind::internal;
}

/// Calls `action` and turns whatever it throws into an EngineError; ErrorKind::usage becomes `usage`.
template <class T, class Action>
Result<T> guarded(EngineErrorKind usage, Action action) {
  // Short enough to need no memory of its own.
  const auto no_memory = [] { return EngineError{EngineErrorKind::out_of_memory, "out of memory"}; };
  try {
    return action();
  } catch (const Error& error) {
    return EngineError{kind_of(error.kind(), usage), error.what()};
  } catch (const std::bad_alloc&) {
    return no_memory();
  } catch (const std::length_error&) {
    return no_memory();
  } catch (const std::exception& error) {
    return EngineError{EngineErrorKind::internal, error.what()};
  } catch (...) {
    return EngineError{EngineErrorKind::internal, "unknown"};
  }
}

/// Runs samples [begin, end) one after another: one sample's activations stay in the cache.
void run_samples(const Plan& plan, Extent extent, std::int64_t begin, std::int64_t end, const float* frames,
                 float* scores) {
  const std::int64_t src_size = net::num_elements(plan.input_type().shape);
  const std::int64_t dst_size = net::num_elements(plan.output_type().shape);
  const Extent one{extent.num_steps, 1};
  const std::int64_t dst_frames = one.frames(plan.output_type());
  std::vector<float> src(static_cast<std::size_t>(src_size * one.num_steps));
  std::vector<float> dst(static_cast<std::size_t>(dst_size * dst_frames));
  Workspace workspace;
  for (std::int64_t sample = begin; sample < end; ++sample) {
    for (std::int64_t t = 0; t < one.num_steps; ++t)
      std::copy_n(frames + (t * extent.n + sample) * src_size, src_size, src.begin() + t * src_size);
    plan.run(one, src.data(), dst.data(), workspace, {});
    for (std::int64_t t = 0; t < dst_frames; ++t)
      std::copy_n(dst.begin() + t * dst_size, dst_size, scores + (t * extent.n + sample) * dst_size);
  }
}

}  // namespace

std::string_view name_of(EngineErrorKind kind) {
  switch (kind) {
    case EngineErrorKind::io: return "io";
    case EngineErrorKind::bad_model: return "bad_model";
    case EngineErrorKind::unsupported: return "unsupported";
    case EngineErrorKind::bad_input: return "bad_input";
    case EngineErrorKind::out_of_memory: return "out_of_memory";
    case EngineErrorKind::internal: return "internal";
  }
  return "?";
}

Result<Program> Program::load(const std::string& path) {
  return guarded<Program>(EngineErrorKind::bad_model,
                          [&] { return Program(std::make_shared<const Plan>(pack::read_model(path))); });
}

Result<Program> Program::from(pack::PackedModel model) {
  return guarded<Program>(EngineErrorKind::bad_model,
                          [&] { return Program(std::make_shared<const Plan>(std::move(model))); });
}

Result<std::vector<float>> Program::run(std::span<const float> frames, std::int64_t num_steps, std::int64_t n,
                                        const Observer& observer) const {
  return guarded<std::vector<float>>(EngineErrorKind::bad_input, [&] {
    const Extent extent{num_steps, n};
    plan_->check_input(frames.size(), extent);
    const net::TensorType& type = plan_->output_type();
    std::vector<float> scores(static_cast<std::size_t>(extent.frames(type) * net::num_elements(type.shape)));
    Workspace workspace;
    if (observer) {
      plan_->run(extent, frames.data(), scores.data(), workspace, observer);
      return scores;
    }
    parallel_for(n, 1, [&](std::int64_t begin, std::int64_t end) {
      run_samples(*plan_, extent, begin, end, frames.data(), scores.data());
    });
    return scores;
  });
}

const net::Net& Program::net() const { return plan_->net(); }
const std::map<std::string, std::string>& Program::metadata() const { return plan_->metadata(); }

}  // namespace tern::engine
