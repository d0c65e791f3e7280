#include "onnx_peer.hpp"

#include <stdexcept>

#include <dlfcn.h>

namespace tern::bench {
namespace {

struct Base {
  void** (*get_api)(std::uint32_t);
  const char* (*version)();
};

// Places in OrtApi.
enum {
  get_error_message = 2,
  create_environment = 3,
  create_session = 7,
  run_session = 9,
  create_options = 10,
  set_optimized_path = 11,
  set_level = 23,
  set_threads = 24,
  create_tensor = 49,
  create_memory_info = 69
};

}  // namespace

template <class... Arguments>
void OnnxPeer::call(int place, Arguments... arguments) const {
  using Function = void* (*)(Arguments...);
  void* const status = reinterpret_cast<Function>(table_[place])(arguments...);
  if (!status) return;
  using Message = const char* (*)(void*);
  throw std::runtime_error(reinterpret_cast<Message>(table_[get_error_message])(status));
}

OnnxPeer::OnnxPeer(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw std::runtime_error(dlerror());
  const auto get_base = reinterpret_cast<Base* (*)()>(dlsym(handle, "OrtGetApiBase"));
  if (!get_base) throw std::runtime_error(library + " is no ONNX Runtime");
  version_ = get_base()->version();
  table_ = get_base()->get_api(17);
  call(create_environment, 3, "tern", &environment_);
}

OnnxPeer::Session OnnxPeer::open(const std::filesystem::path& model, const std::string& input,
                                 const std::string& output, const std::filesystem::path& optimized,
                                 int threads) const {
  Session session;
  session.peer_ = this;
  session.input_ = input;
  session.output_ = output;
  void* options = nullptr;
  call(create_options, &options);
  call(set_threads, options, threads);
  call(set_level, options, 99);
  if (!optimized.empty()) call(set_optimized_path, options, optimized.c_str());
  call(create_session, environment_, model.c_str(), options, &session.session_);
  return session;
}

void OnnxPeer::Session::run(const std::vector<std::int64_t>& src_shape, std::vector<float>& src,
                            const std::vector<std::int64_t>& dst_shape, std::vector<float>& dst) const {
  void *memory = nullptr, *x = nullptr, *y = nullptr;
  peer_->call(create_memory_info, 1, 0, &memory);
  const auto tensor = [&](const std::vector<std::int64_t>& shape, std::vector<float>& values, void** made) {
    peer_->call(create_tensor, static_cast<const void*>(memory), static_cast<void*>(values.data()),
                values.size() * sizeof(float), shape.data(), shape.size(), 1, made);
  };
  tensor(src_shape, src, &x);
  tensor(dst_shape, dst, &y);
  const char *input = input_.c_str(), *output = output_.c_str();
  peer_->call(run_session, session_, static_cast<void*>(nullptr), &input, static_cast<void* const*>(&x),
              std::size_t{1}, &output, std::size_t{1}, &y);
}

}  // namespace tern::bench
