// Nodes are visited in the Net's order. A convolution or linear layer takes along what follows it element by element, as
// long as nobody else reads the values in between; activations stay codes or bits from producer to kernel. Floats are
// made where a node asks for them.
#include "engine/plan/lowering.hpp"

#include <cmath>
#include <optional>
#include <tuple>

#include "engine/operation.hpp"
#include "engine/ops/ops.hpp"
#include "engine/plan/draft.hpp"
#include "engine/plan/float_step.hpp"
#include "engine/plan/followers.hpp"
#include "engine/plan/integer_layer.hpp"
#include "engine/plan/other_steps.hpp"
#include "net/quantized_source.hpp"

namespace tern::engine {
namespace {

class Lowering : Draft {
 public:
  Lowering(const pack::PackedModel& model, const Options& options) : Draft(model.net), model_(model), options_(options) {}

  LoweredNet run() {
    for (const auto& node : net_.nodes())
      if (!is_ready(node.name)) lower_node(node);
    const net::Node& last = net_.output();
    const std::size_t floats = floats_of(last.name);
    add(make_output_step(net_.type(last.name), floats), last.name);
    return finish();
  }

 private:
  void lower_node(const net::Node& node) {
    if (node.op == "input") values_[node.name] = {};
    else if (node.op == "dropout") alias_[node.name] = node.inputs[0];
    else if (node.op == "quantize" && lower_quantize(node)) return;
    else if (node.op == "max_pool2d" && lower_max_pool(node)) return;
    else if (node.op == "flatten" && lower_flatten(node)) return;
    else if ((node.op == "if" || node.op == "lif") && lower_neuron(node)) return;
    else if ((node.op == "conv2d" || node.op == "linear") && (lower_kernel(node) || lower_float_layer(node))) return;
    else if (node.op == "add" && lower_add(node)) return;
    else lower_operation(node);
  }

  void lower_operation(const net::Node& node) {
    const net::TensorType& type = net_.type(node.name);
    auto operation = find_operation(node.op, node.name).make({node, net_.context(node), type, model_});
    std::vector<std::size_t> sources;
    for (const auto& input : node.inputs) sources.push_back(floats_of(input));
    Value v;
    v.floats = new_storage(node.name, Form::floats);
    add(make_operation_step(std::move(operation), std::move(sources), v.floats), node.name);
    values_[node.name] = v;
  }

  bool lower_quantize(const net::Node& node) {
    const auto grid = code_grid(model_, node);
    if (!grid) return false;
    const std::string& source = node.inputs[0];
    Value& src = value(source);
    // The same grid twice: one storage.
    for (const auto* reader : net_.readers(source))
      if (reader->op == "quantize" && is_ready(reader->name) && value(reader->name).grid == grid) {
        alias_[node.name] = reader->name;
        return true;
      }
    Value v;
    v.grid = grid;
    v.codes = new_codes(node.name, *grid);
    if (src.kernel != nullptr && !src.kernel->has_codes()) {
      src.kernel->write_codes(v.codes, *grid);
      src.kernel->facts.nodes += " + " + node.name;
    } else if (&net_.node(source) == &net_.input() && src.floats == none) {
      add_front(make_input_step(v.codes, *grid), source + " + " + node.name);
    } else {
      add(make_quantize_step(floats_of(source), v.codes, *grid), node.name);
    }
    values_[node.name] = v;
    return true;
  }

  bool lower_max_pool(const net::Node& node) {
    const Value src = value(node.inputs[0]);
    if (src.codes == none && src.bits == none) return false;
    const net::OpContext rules = net_.context(node);
    kernels::PoolShape shape;
    std::tie(shape.kernel_h, shape.kernel_w) = rules.pair("kernel");
    std::tie(shape.stride_h, shape.stride_w) = rules.pair("stride");
    Value v;
    v.grid = src.grid;
    if (src.codes != none) v.codes = new_codes(node.name, *src.grid);
    else v.bits = new_storage(node.name, Form::bits);
    add(make_max_pool_step(shape, src.codes != none ? src.codes : src.bits, src.codes != none ? v.codes : v.bits), node.name);
    values_[node.name] = v;
    return true;
  }

  /// Where only linear layers read it, a flatten is no work: they read the image as a convolution of its size does.
  bool lower_flatten(const net::Node& node) {
    const Value& src = value(node.inputs[0]);
    if (src.codes == none && src.bits == none) return false;
    for (const auto* reader : net_.readers(node.name))
      if (reader->op != "linear" || !integer_weights(*reader)) return false;
    if (net_.readers(node.name).empty()) return false;
    Value v = src;
    v.floats = none;  // their order would be another one
    values_[node.name] = v;
    return true;
  }

  bool lower_neuron(const net::Node& node) {
    const std::string& source = node.inputs[0];
    const kernels::NeuronParameters parameters = ops::neuron_parameters(node);
    Value v;
    v.bits = new_storage(node.name, Form::bits);
    KernelStep* const kernel = value(source).kernel;
    const bool has_one_reader = net_.readers(source).size() == 1 && source != net_.output().name;
    if (kernel != nullptr && !kernel->writes_anything() && has_one_reader && !kernel->has_clamp()) {
      kernel->write_spikes(v.bits, parameters);
      kernel->facts.nodes += " + " + node.name;
    } else {
      add(make_neuron_step(parameters, floats_of(source), v.bits), node.name);
    }
    values_[node.name] = v;
    return true;
  }

  const pack::PackedTensor& weights(const net::Node& node) const { return model_.tensors.at(node.name + ".weight"); }

  bool integer_weights(const net::Node& node) const { return has_integer_weights(weights(node)); }

  bool lower_kernel(const net::Node& node) {
    if (!integer_weights(node)) return false;
    const bool may_be_spikes = reads_steps_of_input(node);
    if (may_be_spikes) read_input_as_spikes();
    const Value& src = value(node.inputs[0]);
    const std::size_t source = may_be_spikes ? src.input_bits : src.codes != none ? src.codes : src.bits;
    if (source == none) return false;
    const pack::PackedTensor& tensor = weights(node);
    const Storage& s = result_.storages[source];
    // A flatten that was left out: the source is still an image.
    const net::Shape src_shape = s.h * s.w == 1 ? net::Shape{s.c} : net::Shape{s.c, s.h, s.w};
    const net::OpContext rules = net_.context(node);
    net::Shape image = src_shape;
    if (node.op == "conv2d" && image.size() == 1) image = {s.c, 1, 1};
    const kernels::ConvShape shape = conv_shape(rules, image, net_.type(node.name).shape);
    const float src_scale = src.grid ? src.grid->scale : 1.0F;
    ChannelValues values;
    for (std::int64_t o = 0; o < shape.oc; ++o)
      values.scale.push_back(tensor.scales[tensor.scales.size() == 1 ? 0 : static_cast<std::size_t>(o)] * src_scale);
    if (rules.flag("bias")) values.bias = pack::dequantize(model_.tensors.at(node.name + ".bias"));
    widen(source, shape.pad_h, shape.pad_w);
    auto step = std::make_unique<KernelStep>(shape, tensor.bits, std::vector<std::int8_t>(tensor.codes.begin(), tensor.codes.end()),
                                             std::move(values), source, src.grid, cold_weight_bytes(model_), options_);
    if (may_be_spikes)
      step->set_fallback(find_operation(node.op, node.name).make({node, rules, net_.type(node.name), model_}), src.input_floats,
                         new_storage(node.name, Form::floats));
    add_kernel(std::move(step), node);
    return true;
  }

  /// Weights that are no codes, on one frame; frames of many steps may be sparse, which the node on floats looks for.
  bool lower_float_layer(const net::Node& node) {
    const pack::PackedTensor& tensor = weights(node);
    const net::TensorType& type = net_.type(node.name);
    const net::OpContext rules = net_.context(node);
    if (tensor.scaled_by_channel() || type.has_time) return false;
    if (rules.src[0].shape.size() != (node.op == "linear" ? 1U : 3U)) return false;
    const kernels::ConvShape shape = conv_shape(rules, rules.src[0].shape, type.shape);
    if (!kernels::suits_float_conv(shape)) return false;
    std::vector<float> bias;
    if (rules.flag("bias")) bias = pack::dequantize(model_.tensors.at(node.name + ".bias"));
    const std::size_t source = floats_of(node.inputs[0]);
    widen(source, shape.pad_h, shape.pad_w);
    const std::size_t dst = new_storage(node.name, Form::floats);
    auto step = std::make_unique<FloatStep>(shape, pack::dequantize(tensor), std::move(bias), source, dst);
    const std::string last = add_layer(std::move(step), node, [&](const std::string& other) { return floats_of(other); });
    values_[last].floats = dst;
    return true;
  }

  /// A sum with codes on one side: they go through an epilogue as a layer's sums do.
  bool lower_add(const net::Node& node) {
    if (node.inputs.size() != 2 || node.inputs[0] == node.inputs[1]) return false;
    const bool swapped = value(node.inputs[0]).codes == none;
    const std::string &first = node.inputs[swapped ? 1 : 0], &second = node.inputs[swapped ? 0 : 1];
    const Value& src = value(first);
    if (src.codes == none) return false;
    const Storage& s = result_.storages[src.codes];
    kernels::ConvShape shape;
    shape.ic = shape.oc = shape.groups = s.c;
    shape.out_h = s.h, shape.out_w = s.w;
    ChannelValues values;
    values.scale.assign(static_cast<std::size_t>(s.c), src.grid->scale);
    auto step = std::make_unique<KernelStep>(shape, 8, std::vector<std::int8_t>(static_cast<std::size_t>(s.c), 1),
                                             std::move(values), src.codes, src.grid, 0, options_);
    step->set_residual(residual_of(second));
    step->facts.macs = 0;
    add_kernel(std::move(step), node);
    return true;
  }

  /// Lets the step take along what follows `node`, and adds it.
  void add_kernel(std::unique_ptr<KernelStep> step, const net::Node& node) {
    KernelStep* const kernel = step.get();
    const std::string last =
        add_layer(std::move(step), node, [&](const std::string& other) { return residual_of(other); });
    values_[last].kernel = kernel;
  }

  /// The same for any layer; returns the node whose values it computes. storage_of: where to read a sum's other side.
  template <class StorageOf>
  std::string add_layer(std::unique_ptr<LayerStep> step, const net::Node& node, StorageOf storage_of) {
    const auto followers = absorb_followers(model_, node, *step, [&](const std::string& other) {
      return is_ready(other) ? std::optional(storage_of(other)) : std::nullopt;
    });
    std::string nodes = node.name;
    values_[node.name] = {};
    for (const auto* follower : followers) {
      nodes += " + " + follower->name;
      values_[follower->name] = {};
    }
    add(std::move(step), nodes);
    return followers.empty() ? node.name : followers.back()->name;
  }

  /// Frames of events are often spikes; only a run can tell.
  bool reads_steps_of_input(const net::Node& node) const {
    const net::Node& source = net_.node(node.inputs[0]);
    return source.op == "input" && net_.type(source.name).has_time && net_.context(node).src[0].shape.size() == 3 &&
           net_.context(node).integer("groups") == 1;
  }

  /// Bits and floats of the input, of which a run fills one.
  void read_input_as_spikes() {
    const std::string& input = net_.input().name;
    Value& v = value(input);
    if (v.input_bits != none) return;
    v.input_bits = new_storage(input, Form::bits);
    v.input_floats = new_storage(input, Form::floats);
    add_front(make_spike_input_step(v.input_bits, v.input_floats), input);
  }

  const pack::PackedModel& model_;
  const Options& options_;
};

}  // namespace

LoweredNet lower(const pack::PackedModel& model, const Options& options) { return Lowering(model, options).run(); }

}  // namespace tern::engine
