#include "pack/model_file.hpp"

#include <cmath>
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "base/seed.hpp"
#include "pack/bits.hpp"
#include "pack/safetensors.hpp"

namespace tern::pack {
namespace {

/// conv 2->3 (bits), batch norm, lif, linear: random weights, `density` of the codes are not zero.
PackedModel random_model(std::uint64_t seed, int bits, double density) {
  net::Net net("small", 2);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 4, 4}}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", 3}, {"kernel", std::vector<std::int64_t>{3}}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("lif1", "lif", {"bn1"});
  net.add("flat", "flatten", {"lif1"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 5}, {"bias", true}});
  PackedModel model{std::move(net), {}, {{"classes", "left,right"}}};
  Rng rng(seed);
  for (const auto& node : model.net.nodes()) {
    for (const auto& parameter : model.net.parameters(node)) {
      PackedTensor tensor{parameter.shape, parameter.role == net::ParameterRole::weight ? bits : 32, {}, {}, 1};
      for (std::int64_t i = net::num_elements(parameter.shape); i > 0; --i) {
        const int most = tensor.bits == 32 ? 0 : max_code(tensor.bits);
        if (tensor.bits == 32) tensor.values.push_back(static_cast<float>(rng.normal()));
        else if (rng.uniform() >= density) tensor.codes.push_back(0);
        else tensor.codes.push_back(static_cast<std::int8_t>(static_cast<int>(rng.below(2U * most + 1U)) - most));
      }
      if (tensor.bits < 32) tensor.scale = static_cast<float>(rng.uniform() + 1e-3);
      model.tensors[node.name + "." + parameter.name] = std::move(tensor);
    }
  }
  return model;
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_equal(const PackedModel& a, const PackedModel& b) {
  EXPECT_EQ(net::to_json(a.net), net::to_json(b.net));
  EXPECT_EQ(a.tensors, b.tensors);
  EXPECT_EQ(a.metadata, b.metadata);
}

TEST(ModelFile, RoundTripAtEveryWidthAndDensity) {
  for (const int bits : {2, 3, 4, 5, 6, 7, 8, 32}) {
    for (const double density : {0.0, 0.05, 0.3, 0.8, 1.0}) {
      const PackedModel model = random_model(static_cast<std::uint64_t>(bits), bits, density);
      const std::string bytes = to_bytes(model);
      const PackedModel read = model_from_bytes(bytes);
      expect_equal(read, model);
      EXPECT_EQ(to_bytes(read), bytes) << "deterministic";
    }
  }
}

TEST(ModelFile, IsASafetensorsFileWithTheBytesThatPackedBytesNames) {
  const PackedModel model = random_model(3, 4, 0.1);
  const SafeTensors file = from_bytes(to_bytes(model));
  EXPECT_EQ(file.metadata.at("tern.version"), "1");
  EXPECT_EQ(net::to_json(net::from_json(file.metadata.at("tern.net"))), net::to_json(model.net));
  for (const auto& [name, tensor] : model.tensors)
    EXPECT_EQ(static_cast<std::int64_t>(file.tensors.at(name).bytes.size()), packed_bytes(tensor)) << name;
}

TEST(ModelFile, ChoosesTheSmallerEncoding) {
  PackedTensor tensor{{64}, 4, {}, std::vector<std::int8_t>(64, 1), 1};
  EXPECT_EQ(encoding_of(tensor), Encoding::dense);
  EXPECT_EQ(packed_bytes(tensor), 32);
  std::fill(tensor.codes.begin(), tensor.codes.begin() + 16, std::int8_t{0});  // 8 + 24 bytes: a tie stays dense
  EXPECT_EQ(encoding_of(tensor), Encoding::dense);
  tensor.codes[16] = tensor.codes[17] = 0;  // 8 + 23
  EXPECT_EQ(encoding_of(tensor), Encoding::bitmap);
  EXPECT_EQ(packed_bytes(tensor), 31);
  std::fill(tensor.codes.begin(), tensor.codes.end(), std::int8_t{0});
  EXPECT_EQ(packed_bytes(tensor), 8);
  EXPECT_EQ(packed_bytes({{3}, 32, {1, 2, 3}, {}, 1}), 12);
}

TEST(ModelFile, DequantizesAsScaleTimesCode) {
  EXPECT_EQ(dequantize({{3}, 2, {}, {-1, 0, 1}, 0.25F}), (std::vector<float>{-0.25F, 0, 0.25F}));
  EXPECT_EQ(dequantize({{1}, 32, {7}, {}, 0.25F}), std::vector<float>{7});
}

TEST(ModelFile, RefusesWhatTheNetDoesNotAskFor) {
  const PackedModel good = random_model(5, 4, 0.5);
  const auto with = [&](const std::function<void(PackedModel&)>& change) {
    PackedModel model = good;
    change(model);
    return refusal([&] { to_bytes(model); });
  };
  EXPECT_EQ(with([](auto&) {}), "no error");
  EXPECT_EQ(with([](auto& m) { m.tensors.erase("bn1.running_var"); }),
            "model: bn1.running_var: the Net asks for [3], but the tensor is missing");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].shape = {3, 1, 3, 3}; }),
            "model: conv1.weight: expected [3, 2, 3, 3], got [3, 1, 3, 3]");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv2.weight"] = {}; }),
            "model: unknown tensor 'conv2.weight': no node of the Net asks for it");
  EXPECT_EQ(with([](auto& m) { m.tensors["fc.bias"].values[1] = NAN; }), "model: fc.bias: element 1 is not finite: nan");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].codes[2] = -8; }),
            "model: conv1.weight: code 2 is -8, outside -7..7 of 4 bits");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].scale = 0; }), "model: conv1.weight: expected a scale > 0, got 0");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].bits = 16; }),
            "model: conv1.weight: expected 2 to 8 bits or 32, got 16");
  EXPECT_EQ(with([](auto& m) { m.tensors["fc.bias"].values.pop_back(); }),
            "model: fc.bias: [5] takes 5 values, got 4 values and 0 codes");
  EXPECT_EQ(with([](auto& m) { m.metadata["tern.net"] = ""; }),
            "model: metadata 'tern.net': names that begin with 'tern.' are reserved");
}

TEST(ModelFile, EveryCorruptByteIsAnErrorOrAnEqualModel) {
  const PackedModel model = random_model(11, 3, 0.2);
  const std::string bytes = to_bytes(model);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x02, 0x10, 0x20, 0x80, 0xFF}) {
      std::string corrupt = bytes;
      corrupt[i] = static_cast<char>(corrupt[i] ^ flip);
      try {
        expect_equal(model_from_bytes(corrupt), model);
      } catch (const Error&) {
      }
    }
  }
}

TEST(ModelFile, EveryTruncationIsAnError) {
  const std::string bytes = to_bytes(random_model(11, 3, 0.2));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW(model_from_bytes(bytes.substr(0, length)), Error) << length;
  EXPECT_THROW(model_from_bytes(bytes + "x"), Error);
}

/// FNV-1a again, so that the test can forge files whose checksum agrees.
std::string forged(SafeTensors file) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto feed = [&](std::string_view part) {
    for (const unsigned char byte : part) hash = (hash ^ byte) * 0x100000001b3ULL;
  };
  const auto mix = [&](std::string_view part) {
    for (std::uint64_t length = part.size(), i = 0; i < 8; ++i, length >>= 8) feed(std::string(1, static_cast<char>(length)));
    feed(part);
  };
  feed("tern");
  file.metadata.erase("tern.checksum");
  for (const auto& [key, value] : file.metadata) mix(key), mix(value);
  for (const auto& [name, tensor] : file.tensors)
    mix(name), mix(tensor.dtype), mix(net::to_string(tensor.shape)), mix(tensor.bytes);
  file.metadata["tern.checksum"] = fmt::format("{:016x}", hash);
  return to_bytes(file);
}

TEST(ModelFile, ForgedFilesWithTheRightChecksumAreRefusedToo) {
  const SafeTensors good = from_bytes(to_bytes(random_model(11, 3, 0.2)));
  EXPECT_EQ(refusal([&] { model_from_bytes(forged(good)); }), "no error");
  const auto with = [&](const std::function<void(SafeTensors&)>& change) {
    SafeTensors file = good;
    change(file);
    return refusal([&] { model_from_bytes(forged(file), "m.tern"); });
  };
  const auto describe = [&](const char* text) {
    return with([&](auto& f) { f.metadata["tern.tensors"] = text; }).substr(0, 46);
  };
  EXPECT_EQ(with([](auto& f) { f.metadata["tern.version"] = "2"; }),
            "m.tern: format version '2' (this build reads version 1)");
  EXPECT_EQ(with([](auto& f) { f.metadata.erase("tern.net"); }),
            "m.tern: not a .tern file: metadata 'tern.net' is missing");
  EXPECT_EQ(with([](auto& f) { f.metadata["tern.net"] = std::string(1 << 20, '['); }),
            "m.tern: metadata 'tern.net' is nested too deeply");
  EXPECT_EQ(with([](auto& f) { f.tensors.erase("conv1.weight"); }), "m.tern: tensor 'conv1.weight' is described but missing");
  EXPECT_EQ(with([](auto& f) { f.tensors["fc.bias"].dtype = "I32"; }), "m.tern: fc.bias: expected dtype F32, got I32");
  EXPECT_EQ(with([](auto& f) { f.tensors["fc.bias"] = make_tensor<float>({5}, std::vector<float>(5, INFINITY)); }),
            "m.tern: fc.bias: element 0 is not finite: inf");
  const auto flip = [&](std::size_t byte, int bit) {
    return with([&](auto& f) { f.tensors["conv1.weight"].bytes[byte] ^= static_cast<char>(1 << bit); });
  };
  EXPECT_EQ(good.tensors.at("conv1.weight").shape, (net::Shape{7 + 5})) << "bitmap of 54 elements, then 3-bit codes";
  EXPECT_EQ(flip(6, 7), "m.tern: conv1.weight: unused bits of the bitmap are not zero");
  EXPECT_NE(flip(0, 0), "no error") << "the population no longer equals the number of codes";
  EXPECT_EQ(describe("[]"), "m.tern: metadata 'tern.tensors' must be an obj");
  EXPECT_EQ(describe("{"), "m.tern: metadata 'tern.tensors' is not JSON: [");
  EXPECT_EQ(describe(R"({"conv1.weight":{"encoding":"dense","bits":4,"scale":1,"shape":[1099511627776,1099511627776]}})"),
            "m.tern: conv1.weight: 12 bytes are too few for");
  EXPECT_EQ(describe(R"({"conv1.weight":{"encoding":"dense","bits":9,"scale":1,"shape":[1]}})"),
            "m.tern: conv1.weight: not a description of a t");
  EXPECT_EQ(describe(R"({"conv1.weight":{"encoding":"dense","bits":4,"scale":1e300,"shape":[1]}})"),
            "m.tern: conv1.weight: not a description of a t");
}

TEST(ModelFile, ReadsBackFromDisk) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "tern_pack_test.tern";
  const PackedModel model = random_model(2, 2, 0.5);
  write_model(path, model);
  expect_equal(read_model(path), model);
  std::filesystem::remove(path);
  EXPECT_THROW(read_model(path), Error);
}

}  // namespace
}  // namespace tern::pack
