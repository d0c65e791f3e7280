// ONNX Runtime's C interface, loaded from a library file: just enough to run one model of one float input and
// output. The places of its functions in the table of OrtApi are part of its stable interface; no header is
// needed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tern::bench {

class OnnxPeer {
 public:
  /// Errors: std::runtime_error with the library's or the loader's words.
  explicit OnnxPeer(const std::string& library);

  /// A model with all optimisations. `optimized`, where not empty: the file to which the optimised graph is
  /// written.
  class Session {
   public:
    /// src and dst row-major, batch first.
    void run(const std::vector<std::int64_t>& src_shape, std::vector<float>& src,
             const std::vector<std::int64_t>& dst_shape, std::vector<float>& dst) const;

   private:
    friend class OnnxPeer;
    const OnnxPeer* peer_ = nullptr;
    void* session_ = nullptr;
    std::string input_, output_;
  };
  Session open(const std::filesystem::path& model, const std::string& input, const std::string& output,
               const std::filesystem::path& optimized = {}, int threads = 1) const;

  const std::string& version() const { return version_; }

 private:
  template <class... Arguments>
  void call(int place, Arguments... arguments) const;

  void** table_ = nullptr;
  void* environment_ = nullptr;
  std::string version_;
};

}  // namespace tern::bench
