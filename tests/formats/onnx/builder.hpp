// ONNX models built by hand, and what the engine makes of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/seed.hpp"
#include "engine/program.hpp"
#include "formats/onnx/import_model.hpp"
#include "onnx.pb.h"

namespace tern::onnx::testing {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;

struct Attribute {
  std::string name;
  schema::AttributeProto value;
  Attribute(std::string n, std::int64_t i) : name(std::move(n)) { value.set_i(i); }
  Attribute(std::string n, int i) : name(std::move(n)) { value.set_i(i); }
  Attribute(std::string n, float f) : name(std::move(n)) { value.set_f(f); }
  Attribute(std::string n, const char* text) : name(std::move(n)) { value.set_s(text); }
  Attribute(std::string n, const Ints& list) : name(std::move(n)) {
    for (const auto entry : list) value.add_ints(entry);
  }
};

/// input "x" of floats, output the last node's.
class Builder {
 public:
  explicit Builder(const Ints& input_shape, std::int64_t opset = 13) {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(opset);
    auto& input = *graph().add_input();
    input.set_name("x");
    auto& type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(schema::TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_param("n");
    for (const auto extent : input_shape) type.mutable_shape()->add_dim()->set_dim_value(extent);
  }

  std::string floats(const std::string& name, const Ints& dims, const Floats& values) {
    auto& tensor = add_tensor(name, dims, schema::TensorProto::FLOAT);
    for (const float value : values) tensor.add_float_data(value);
    return name;
  }
  std::string integers(const std::string& name, const Ints& dims, const Ints& values,
                       schema::TensorProto::DataType type = schema::TensorProto::INT64) {
    auto& tensor = add_tensor(name, dims, type);
    for (const auto value : values)
      if (type == schema::TensorProto::INT64)
        tensor.add_int64_data(value);
      else
        tensor.add_int32_data(static_cast<std::int32_t>(value));
    return name;
  }
  /// Random normal floats.
  std::string random(const std::string& name, const Ints& dims, std::uint64_t seed) {
    return floats(name, dims, random_values(net::num_elements(dims), seed));
  }
  static Floats random_values(std::int64_t count, std::uint64_t seed) {
    Rng rng(seed);
    Floats values(static_cast<std::size_t>(count));
    for (float& value : values) value = static_cast<float>(2 * rng.uniform() - 1);
    return values;
  }

  /// Returns the first output, "NAME".
  std::string add(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                  const std::vector<Attribute>& attributes = {}, int outputs = 1) {
    auto& node = *graph().add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const auto& input : inputs) node.add_input(input);
    node.add_output(name);
    for (int i = 1; i < outputs; ++i) node.add_output(name + std::to_string(i));
    for (const auto& attribute : attributes) {
      auto& written = *node.add_attribute();
      written = attribute.value;
      written.set_name(attribute.name);
    }
    last_ = name;
    return name;
  }

  schema::GraphProto& graph() { return *model_.mutable_graph(); }
  schema::ModelProto& model() { return model_; }

  std::string bytes() {
    schema::ModelProto copy = model_;
    if (copy.graph().output_size() == 0) copy.mutable_graph()->add_output()->set_name(last_);
    return copy.SerializeAsString();
  }

 private:
  schema::TensorProto& add_tensor(const std::string& name, const Ints& dims,
                                  schema::TensorProto::DataType type) {
    auto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const auto extent : dims) tensor.add_dims(extent);
    return tensor;
  }

  schema::ModelProto model_;
  std::string last_ = "x";
};

/// Scores of `n` samples.
inline Floats run(const pack::PackedModel& model, const Floats& frames, std::int64_t n = 1) {
  engine::Options options;
  options.measure = false;
  const auto program = engine::Program::from(model, options);
  if (!program) throw std::runtime_error(program.error().message);
  const auto scores = program->run(frames, 1, n);
  if (!scores) throw std::runtime_error(scores.error().message);
  return *scores;
}

inline Floats run(Builder& builder, const Floats& frames) {
  return run(import_model(builder.bytes()), frames);
}

inline void expect_near(const Floats& got, const Floats& expected, float tolerance = 1e-5F) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_NEAR(got[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << "element " << i;
}

/// The operations of the Net behind its input, "conv2d relu".
inline std::string operations(const pack::PackedModel& model) {
  std::string text;
  for (const auto& node : model.net.nodes())
    if (node.op != "input") text += (text.empty() ? "" : " ") + node.op;
  return text;
}

/// The error that `action` ends with; kind internal and no text where it does not fail.
inline Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "nothing was thrown");
}
inline Error import_error(Builder& builder) {
  return error_of([&] { import_model(builder.bytes(), {}, "m.onnx"); });
}

}  // namespace tern::onnx::testing
