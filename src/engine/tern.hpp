// Tern's engine in C++17: tern.h with owners, values and texts. Header only; link tern::engine.
//
//   auto model = tern::api::Model::load("net.tern");
//   if (!model) return fail(model.error().message);
//   auto instance = model->instance();
//   auto scores = instance->run(image);   // Result<std::vector<float>>
//
// Nothing is thrown but std::bad_alloc and, by Result::value of a failure, std::bad_variant_access.
#ifndef TERN_HPP
#define TERN_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tern.h"

namespace tern {
namespace api {

/// status: TERN_IO, TERN_BAD_MODEL, ...
struct Error {
  tern_status status = TERN_INTERNAL;
  std::string message;
};

/// A T or an Error.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// REQUIRES: ok().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  /// REQUIRES: !ok().
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// What goes in or comes out, at one step: row-major, images as c, h, w.
struct TensorType {
  std::vector<std::int64_t> shape;
  bool has_time = false;
  std::size_t elements = 0;
};

namespace detail {
inline Error error_of(const tern_error& error) { return Error{error.status, error.message}; }

struct FreeModel {
  void operator()(tern_model* model) const noexcept { tern_model_free(model); }
};
struct FreeInstance {
  void operator()(tern_instance* instance) const noexcept { tern_instance_free(instance); }
};
}  // namespace detail

/// All memory that running one sample at a time takes; for one thread at a time. Movable.
class Instance {
 public:
  std::size_t input_size() const noexcept { return tern_instance_input_size(handle_.get()); }
  std::size_t output_size() const noexcept { return tern_instance_output_size(handle_.get()); }
  /// Of activations and scratch.
  std::size_t bytes() const noexcept { return tern_instance_bytes(handle_.get()); }

  /// Runs one sample, without allocating. Nothing is returned where all is well.
  std::optional<Error> run(const float* input, std::size_t input_size, float* output, std::size_t output_size) {
    tern_error error;
    if (tern_instance_run(handle_.get(), input, input_size, output, output_size, &error) == TERN_OK) return std::nullopt;
    return detail::error_of(error);
  }

  /// The same into a new vector.
  Result<std::vector<float>> run(const std::vector<float>& input) {
    std::vector<float> output(output_size());
    if (auto error = run(input.data(), input.size(), output.data(), output.size())) return std::move(*error);
    return output;
  }

 private:
  friend class Model;
  explicit Instance(tern_instance* handle) : handle_(handle) {}
  std::unique_ptr<tern_instance, detail::FreeInstance> handle_;
};

/// A network, planned for this processor. Immutable: many threads may use it at once. Movable.
class Model {
 public:
  static Result<Model> load(const std::string& path, const tern_model_options& options = TERN_MODEL_OPTIONS_INIT) {
    tern_model* model = nullptr;
    tern_error error;
    if (tern_model_load(path.c_str(), &options, &model, &error) != TERN_OK) return detail::error_of(error);
    return Model(model);
  }
  static Result<Model> from_bytes(const void* bytes, std::size_t size,
                                  const tern_model_options& options = TERN_MODEL_OPTIONS_INIT) {
    tern_model* model = nullptr;
    tern_error error;
    if (tern_model_from_bytes(bytes, size, &options, &model, &error) != TERN_OK) return detail::error_of(error);
    return Model(model);
  }

  TensorType input() const { return type(tern_model_input); }
  TensorType output() const { return type(tern_model_output); }
  /// Steps that the network states; 0: left to the caller.
  std::int64_t num_steps() const noexcept { return tern_model_num_steps(handle_.get()); }
  /// A free text of the file: "classes", ...
  std::optional<std::string> metadata(const std::string& name) const {
    const char* const text = tern_model_metadata(handle_.get(), name.c_str());
    return text == nullptr ? std::nullopt : std::optional<std::string>(text);
  }

  /// num_steps 0: the network's own, or 1.
  Result<Instance> instance(std::int64_t num_steps = 0, std::int32_t num_threads = 1) const {
    tern_instance_options options = TERN_INSTANCE_OPTIONS_INIT;
    options.num_steps = num_steps;
    options.num_threads = num_threads;
    tern_instance* instance = nullptr;
    tern_error error;
    if (tern_instance_create(handle_.get(), &options, &instance, &error) != TERN_OK) return detail::error_of(error);
    return Instance(instance);
  }

  /// Runs n samples, [num_steps, n, shape...], on all of the process's threads.
  Result<std::vector<float>> run(const std::vector<float>& frames, std::int64_t num_steps, std::int64_t n) const {
    const TensorType to = output();
    // Extents that cannot be right get room for one score, and the library's refusal.
    const auto most = static_cast<std::int64_t>(frames.size());
    const bool fits = n > 0 && num_steps > 0 && num_steps <= most && n <= most / num_steps;
    const std::int64_t copies = !fits ? 0 : to.has_time ? n * num_steps : n;
    std::vector<float> scores(fits ? to.elements * static_cast<std::size_t>(copies) : 1);
    tern_error error;
    if (tern_run(handle_.get(), frames.data(), frames.size(), num_steps, n, scores.data(), scores.size(), &error) != TERN_OK)
      return detail::error_of(error);
    return scores;
  }

 private:
  explicit Model(tern_model* handle) : handle_(handle) {}

  TensorType type(tern_status (*query)(const tern_model*, tern_tensor_type*, tern_error*)) const {
    tern_tensor_type type = TERN_TENSOR_TYPE_INIT;
    query(handle_.get(), &type, nullptr);
    return {{type.shape, type.shape + type.rank}, type.has_time != 0, static_cast<std::size_t>(type.elements)};
  }

  std::unique_ptr<tern_model, detail::FreeModel> handle_;
};

}  // namespace api
}  // namespace tern

#endif  // TERN_HPP
