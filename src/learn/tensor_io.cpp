#include "learn/tensor_io.hpp"

#include <cstring>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

const char* dtype_name(const at::Tensor& tensor) { return tensor.scalar_type() == at::kLong ? "I64" : "F32"; }

}  // namespace

pack::Tensor to_stored(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().cpu().contiguous();
  return {dtype_name(plain), plain.sizes().vec(),
          std::string(static_cast<const char*>(plain.data_ptr()), static_cast<std::size_t>(plain.nbytes()))};
}

at::Tensor from_stored(const pack::Tensor& stored) {
  at::Tensor tensor = at::empty(stored.shape, stored.dtype == "I64" ? at::kLong : at::kFloat);
  copy_stored(stored, tensor, "tensor");
  return tensor;
}

void copy_stored(const pack::Tensor& stored, at::Tensor& tensor, std::string_view place) {
  const net::Shape shape = tensor.sizes().vec();
  if (stored.shape != shape)
    fail(ErrorKind::bad_data, place, "expected {}, got {}", net::to_string(shape), net::to_string(stored.shape));
  pack::check_dtype(stored, dtype_name(tensor), place);
  at::Tensor plain = at::empty(shape, tensor.options().device(at::kCPU));
  std::memcpy(plain.data_ptr(), stored.bytes.data(), stored.bytes.size());
  const c10::NoGradGuard no_grad;
  tensor.copy_(plain);
}

}  // namespace tern::learn
