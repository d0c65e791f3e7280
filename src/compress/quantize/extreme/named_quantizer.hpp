// What every quantizer of this folder has: its name and its options.
#pragma once

#include <string>
#include <utility>

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

class NamedQuantizer : public learn::WeightQuantizer {
 public:
  NamedQuantizer(std::string name, QuantizerOptions options) : name_(std::move(name)), options_(std::move(options)) {}

  std::string name() const override { return name_; }
  int bits() const override { return options_.bits; }
  std::string spec() const override { return quantizer_spec(name_, options_); }
  std::map<std::string, at::Tensor> tensors() override { return {}; }

 protected:
  const QuantizerOptions& options() const { return options_; }

 private:
  std::string name_;
  QuantizerOptions options_;
};

}  // namespace tern::compress
