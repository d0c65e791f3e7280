// The C face of the engine: handles around Program and Instance. Nothing is thrown across it.
#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "engine/program.hpp"
#include "engine/tern.h"
#include "pack/model_file.hpp"

using namespace tern;

struct tern_model {
  engine::Program program;
};
struct tern_instance {
  engine::Instance instance;
};

namespace {

static_assert(sizeof(tern_error) == 1024, "its size is part of the ABI");
static_assert(sizeof(void*) != 8 || (sizeof(tern_model_options) == 24 && sizeof(tern_instance_options) == 24 &&
                                     sizeof(tern_tensor_type) == 32),
              "members are only ever added, at the end");

tern_status status_of(engine::EngineErrorKind kind) {
  switch (kind) {
    case engine::EngineErrorKind::io: return TERN_IO;
    case engine::EngineErrorKind::bad_model: return TERN_BAD_MODEL;
    case engine::EngineErrorKind::unsupported: return TERN_UNSUPPORTED;
    case engine::EngineErrorKind::bad_input: return TERN_BAD_INPUT;
    case engine::EngineErrorKind::out_of_memory: return TERN_OUT_OF_MEMORY;
    case engine::EngineErrorKind::internal: return TERN_INTERNAL;
  }
  return TERN_INTERNAL;
}

/// Cut before a character that does not fit: a byte 10xxxxxx continues one.
tern_status report(tern_error* error, tern_status status, std::string_view message) noexcept {
  if (error == nullptr) return status;
  std::size_t length = std::min(message.size(), sizeof error->message - 1);
  if (length < message.size())
    while (length > 0 && (static_cast<unsigned char>(message[length]) & 0xC0U) == 0x80U) --length;
  error->status = status;
  std::copy_n(message.data(), length, error->message);
  error->message[length] = '\0';
  return status;
}

tern_status report(tern_error* error, const engine::EngineError& failure) noexcept {
  return report(error, status_of(failure.kind), failure.message);
}

/// Calls `action`, which returns a status; whatever it throws becomes one.
template <class Action>
tern_status guarded(tern_error* error, Action action) noexcept {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    return report(error, TERN_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& failure) {
    return report(error, TERN_INTERNAL, failure.what());
  } catch (...) {
    return report(error, TERN_INTERNAL, "unknown");
  }
}

tern_status null_argument(tern_error* error, std::string_view message) noexcept {
  return report(error, TERN_BAD_INPUT, message);
}

/// The caller's options (of an older or newer tern.h, as their size says) over the defaults: as much of them as both know.
template <class T>
T known_part(const T* given, T defaults) {
  if (given == nullptr) return defaults;
  std::memcpy(&defaults, given, std::min(given->size, sizeof(T)));
  return defaults;
}

engine::Options engine_options(const tern_model_options* given) {
  const tern_model_options options = known_part(given, TERN_MODEL_OPTIONS_INIT);
  engine::Options known;
  known.measure = options.skip_measuring == 0;
  if (options.cache_folder != nullptr)
    known.cache_folder = *options.cache_folder == '\0' ? engine::default_cache_folder() : options.cache_folder;
  return known;
}

tern_status keep(engine::Result<engine::Program> program, tern_model** model, tern_error* error) {
  if (!program) return report(error, program.error());
  *model = new tern_model{std::move(program).value()};
  return report(error, TERN_OK, "");
}

tern_status describe(const net::TensorType& type, tern_tensor_type* to, tern_error* error) {
  const tern_tensor_type known{to->size, type.shape.data(), static_cast<std::int32_t>(type.shape.size()), type.has_time,
                               net::num_elements(type.shape)};
  std::memcpy(to, &known, std::min(to->size, sizeof known));
  return report(error, TERN_OK, "");
}

}  // namespace

uint32_t tern_abi_version(void) { return TERN_ABI_VERSION; }
const char* tern_version(void) { return TERN_VERSION; }

const char* tern_status_name(tern_status status) {
  constexpr const char* names[] = {"ok", "io", "bad_model", "unsupported", "bad_input", "out_of_memory", "internal"};
  return status >= 0 && status < static_cast<tern_status>(std::size(names)) ? names[status] : "?";
}

tern_status tern_model_load(const char* path, const tern_model_options* options, tern_model** model, tern_error* error) {
  if (model == nullptr) return null_argument(error, "model is null");
  *model = nullptr;
  if (path == nullptr) return null_argument(error, "path is null");
  return guarded(error, [&] { return keep(engine::Program::load(path, engine_options(options)), model, error); });
}

tern_status tern_model_from_bytes(const void* bytes, size_t size, const tern_model_options* options, tern_model** model,
                                  tern_error* error) {
  if (model == nullptr) return null_argument(error, "model is null");
  *model = nullptr;
  if (bytes == nullptr) return null_argument(error, "bytes is null");
  return guarded(error, [&] {
    try {
      const auto packed = pack::model_from_bytes({static_cast<const char*>(bytes), size});
      return keep(engine::Program::from(packed, engine_options(options)), model, error);
    } catch (const Error& failure) {
      return report(error, failure.kind() == ErrorKind::unsupported ? TERN_UNSUPPORTED : TERN_BAD_MODEL, failure.what());
    }
  });
}

void tern_model_free(tern_model* model) { delete model; }

tern_status tern_model_input(const tern_model* model, tern_tensor_type* type, tern_error* error) {
  if (model == nullptr || type == nullptr) return null_argument(error, "model or type is null");
  return guarded(error, [&] {
    const net::Net& net = model->program.net();
    return describe(net.type(net.input().name), type, error);
  });
}

tern_status tern_model_output(const tern_model* model, tern_tensor_type* type, tern_error* error) {
  if (model == nullptr || type == nullptr) return null_argument(error, "model or type is null");
  return guarded(error, [&] {
    const net::Net& net = model->program.net();
    return describe(net.type(net.output().name), type, error);
  });
}

int64_t tern_model_num_steps(const tern_model* model) { return model == nullptr ? 0 : model->program.net().num_steps(); }

const char* tern_model_metadata(const tern_model* model, const char* name) {
  if (model == nullptr || name == nullptr) return nullptr;
  for (const auto& [key, text] : model->program.metadata())  // without a string of its own: nothing here can fail
    if (key == name) return text.c_str();
  return nullptr;
}

tern_status tern_run(const tern_model* model, const float* frames, size_t frames_size, int64_t num_steps, int64_t n,
                     float* scores, size_t scores_size, tern_error* error) {
  if (model == nullptr || frames == nullptr || scores == nullptr)
    return null_argument(error, "model, frames or scores is null");
  return guarded(error, [&] {
    const auto result = model->program.run({frames, frames_size}, num_steps, n);
    if (!result) return report(error, result.error());
    if (result->size() != scores_size)
      return report(error, TERN_BAD_INPUT, fmt::format("expected {} scores, got {}", result->size(), scores_size));
    std::copy(result->begin(), result->end(), scores);
    return report(error, TERN_OK, "");
  });
}

tern_status tern_instance_create(const tern_model* model, const tern_instance_options* options, tern_instance** instance,
                                 tern_error* error) {
  if (instance == nullptr) return null_argument(error, "instance is null");
  *instance = nullptr;
  if (model == nullptr) return null_argument(error, "model is null");
  return guarded(error, [&] {
    const tern_instance_options known = known_part(options, TERN_INSTANCE_OPTIONS_INIT);
    auto made = model->program.instance(known.num_steps, known.num_threads == 0 ? 1 : known.num_threads);
    if (!made) return report(error, made.error());
    *instance = new tern_instance{std::move(made).value()};
    return report(error, TERN_OK, "");
  });
}

void tern_instance_free(tern_instance* instance) { delete instance; }

size_t tern_instance_input_size(const tern_instance* instance) {
  return instance == nullptr ? 0 : instance->instance.input_size();
}
size_t tern_instance_output_size(const tern_instance* instance) {
  return instance == nullptr ? 0 : instance->instance.output_size();
}
size_t tern_instance_bytes(const tern_instance* instance) { return instance == nullptr ? 0 : instance->instance.bytes(); }

tern_status tern_instance_run(tern_instance* instance, const float* input, size_t input_size, float* output,
                              size_t output_size, tern_error* error) {
  if (instance == nullptr || input == nullptr || output == nullptr)
    return null_argument(error, "instance, input or output is null");
  return guarded(error, [&] {
    const auto result = instance->instance.run({input, input_size}, {output, output_size});
    return result ? report(error, TERN_OK, "") : report(error, result.error());
  });
}
