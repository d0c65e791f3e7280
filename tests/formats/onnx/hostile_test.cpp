// Files that lie: each ends in one clear error that names the file, without large allocations or deep
// recursion.
#include "formats/onnx/builder.hpp"

#include "base/seed.hpp"
#include "formats/onnx/export_model.hpp"

namespace tern::onnx {
namespace {

using namespace testing;

void expect_error(Builder& builder, ErrorKind kind, const std::string& words) {
  const Error error = import_error(builder);
  EXPECT_EQ(error.kind(), kind) << error.what();
  EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
  EXPECT_TRUE(error.place().starts_with("m.onnx")) << error.what();
}

Builder small() {
  Builder builder({2, 4, 4});
  builder.add("Conv", "c", {"x", builder.random("w", {3, 2, 3, 3}, 1), builder.random("b", {3}, 2)},
              {{"pads", Ints{1, 1, 1, 1}}});
  const std::string s = builder.floats("s", {}, {0.1F}),
                    z = builder.integers("z", {}, {3}, schema::TensorProto::UINT8);
  builder.add("DequantizeLinear", "d", {builder.add("QuantizeLinear", "q", {"c", s, z}), s, z});
  builder.add("Flatten", "f", {"d"});
  builder.add("Gemm", "y", {"f", builder.random("v", {48, 5}, 3)});
  return builder;
}

TEST(OnnxHostile, UnknownOperatorsAreNamedWithTheirNode) {
  Builder builder({4});
  builder.add("Einsum", "attention/mix", {"x"});
  expect_error(builder, ErrorKind::unsupported, "node 'attention/mix' (Einsum)");
  Builder custom({4});
  custom.add("Relu", "r", {"x"});
  custom.graph().mutable_node(0)->set_domain("my.company");
  expect_error(custom, ErrorKind::unsupported, "node 'r' (my.company.Relu)");
}

TEST(OnnxHostile, CyclesAndLooseEnds) {
  Builder cycle({4});
  cycle.add("Add", "a", {"x", "c"});
  cycle.add("Relu", "b", {"a"});
  cycle.add("Relu", "c", {"b"});
  expect_error(cycle, ErrorKind::bad_data, "part of a cycle");
  Builder missing({2, 4, 4});
  missing.add("Conv", "c", {"x", "conv.weight"});
  expect_error(missing, ErrorKind::bad_data, "'conv.weight' has no initialiser");
  Builder twice({4});
  twice.add("Relu", "a", {"x"});
  twice.add("Relu", "a", {"x"});
  expect_error(twice, ErrorKind::bad_data, "made by two nodes");
  Builder detached({4});
  detached.add("Constant", "k", {}, {{"value_float", 1.0F}});
  expect_error(detached, ErrorKind::unsupported, "does not depend on an input");
}

TEST(OnnxHostile, OpsetsOutsideOfTheRange) {
  for (const std::int64_t opset : {0, 6, 22}) {
    Builder builder({4}, opset);
    builder.add("Relu", "y", {"x"});
    expect_error(builder, ErrorKind::unsupported, "opset");
  }
}

TEST(OnnxHostile, DimsAndDataThatDisagree) {
  for (const Ints& dims : {Ints{3, 2}, Ints{-1}, Ints{1LL << 40, 1LL << 40}, Ints{1 << 20, 1 << 20}}) {
    Builder builder({4});
    auto& tensor = *builder.graph().add_initializer();
    tensor.set_name("w");
    tensor.set_data_type(schema::TensorProto::FLOAT);
    for (const auto extent : dims) tensor.add_dims(extent);
    tensor.set_raw_data("0123456789ab");
    builder.add("Gemm", "y", {"x", "w"});
    expect_error(builder, ErrorKind::bad_data, "tensor 'w'");
  }
}

TEST(OnnxHostile, DataOutsideOfTheFile) {
  Builder builder({4});
  auto& tensor = *builder.graph().add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(schema::TensorProto::FLOAT);
  tensor.set_data_location(schema::TensorProto::EXTERNAL);
  auto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value("../../etc/passwd");
  builder.add("Gemm", "y", {"x", "w"});
  expect_error(builder, ErrorKind::unsupported, "outside of the file");
}

TEST(OnnxHostile, WeightsThatDoNotFit) {
  Builder conv({2, 4, 4});
  conv.add("Conv", "y", {"x", conv.random("w", {3, 5, 3, 3}, 1)});
  expect_error(conv, ErrorKind::bad_data, "channels");
  Builder gemm({4});
  gemm.add("Gemm", "y", {"x", gemm.random("w", {5, 3}, 1)});
  expect_error(gemm, ErrorKind::bad_data, "features");
  Builder norm({4});
  const std::string p = norm.random("p", {3}, 1);
  norm.add("BatchNormalization", "y", {"x", p, p, p, p});
  expect_error(norm, ErrorKind::bad_data, "channels");
  Builder wide({2, 4, 4});
  wide.add("MaxPool", "y", {"x"}, {{"kernel_shape", Ints{9, 9}}});
  EXPECT_EQ(import_error(wide).kind(), ErrorKind::unsupported);
  Builder wild({4});
  wild.add("Gemm", "y", {"x", wild.floats("w", {4, 1}, {1, 2, NAN, 3})});
  expect_error(wild, ErrorKind::bad_data, "not finite");
}

TEST(OnnxHostile, ConstantsThatGrow) {
  Builder doubled({4});  // 2^40 elements by 40 nodes
  std::string last = doubled.integers("k", {2}, {1, 2});
  for (int i = 0; i < 40; ++i)
    last = doubled.add("Concat", "c" + std::to_string(i), {last, last}, {{"axis", 0}});
  doubled.add("Reshape", "y", {"x", last});
  expect_error(doubled, ErrorKind::unsupported, "Concat");
  Builder filled({4});
  filled.add("Reshape", "y",
             {"x", filled.add("ConstantOfShape", "k", {filled.integers("s", {2}, {1 << 30, 1 << 30})})});
  expect_error(filled, ErrorKind::unsupported, "2^16");
  Builder wide({4});
  wide.add("Pad", "p", {"x", wide.integers("pads", {4}, {0, 1LL << 60, 0, 0})});
  EXPECT_EQ(import_error(wide).kind(), ErrorKind::unsupported);
}

/// Each Add of a number would be four tensors of a million channels.
TEST(OnnxHostile, SmallNodesOnManyChannels) {
  Builder builder({1 << 20});
  std::string last = "x";
  const std::string one = builder.floats("one", {}, {1});
  for (int i = 0; i < 1000; ++i) last = builder.add("Add", "a" + std::to_string(i), {last, one});
  expect_error(builder, ErrorKind::unsupported, "beyond measure");
}

TEST(OnnxHostile, EmptyConstants) {
  Builder builder({4});
  const std::string none = builder.floats("none", {0}, {}), one = builder.floats("one", {1}, {1});
  builder.add("Add", "k", {none, one});
  builder.add("Mul", "y", {"x", "k"});
  expect_error(builder, ErrorKind::bad_data, "0 values for 4 channels");
}

TEST(OnnxHostile, DeepGraphsNeedNoStack) {
  Builder builder({1});
  std::string last = "x";
  for (int i = 0; i < 20000; ++i) last = builder.add("Identity", "i" + std::to_string(i), {last});
  builder.add("Relu", "y", {last});
  EXPECT_EQ(operations(import_model(builder.bytes())), "relu");
}

/// Whatever happens, it ends in a model or in an error that files may cause.
void expect_model_or_clear_error(const std::string& bytes) {
  try {
    import_model(bytes, {}, "m.onnx");
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::bad_data || error.kind() == ErrorKind::unsupported)
        << error.what();
    EXPECT_TRUE(error.place().starts_with("m.onnx")) << error.what();
  }
}

TEST(OnnxHostile, TruncatedAtEveryByte) {
  const std::string bytes = small().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) expect_model_or_clear_error(bytes.substr(0, size));
}

TEST(OnnxHostile, FlippedBytes) {
  const std::string bytes = small().bytes();
  Rng rng(5);
  for (int i = 0; i < 6000; ++i) {
    std::string damaged = bytes;
    for (int k = 0; k < 3; ++k) damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
    expect_model_or_clear_error(damaged);
  }
}

}  // namespace
}  // namespace tern::onnx
