#include "pack/model_file.hpp"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "base/seed.hpp"
#include "pack/bits.hpp"
#include "pack/safetensors.hpp"

namespace tern::pack {
namespace {

int random_code(Rng& rng, int bits) {
  if (bits == 1) return rng.below(2) == 0 ? -1 : 1;
  return static_cast<int>(rng.below(1U << bits)) - (1 << (bits - 1));
}

/// conv 2->3 (bits), batch norm, lif, linear: random weights with a scale for each channel; `density` of the weights are
/// not zero by chance.
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
      const bool is_weight = parameter.role == net::ParameterRole::weight;
      PackedTensor tensor{parameter.shape, is_weight ? bits : 32};
      for (std::int64_t i = net::num_elements(parameter.shape); i > 0; --i) {
        const bool is_zero = is_weight && rng.uniform() >= density;
        if (tensor.bits == 32) tensor.values.push_back(is_zero ? 0 : static_cast<float>(rng.normal()));
        else tensor.codes.push_back(static_cast<std::int16_t>(is_zero ? 0 : random_code(rng, bits)));
      }
      for (std::int64_t i = tensor.bits < 32 ? parameter.shape[0] : 0; i > 0; --i)
        tensor.scales.push_back(static_cast<float>(rng.uniform() + 1e-3));
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
  for (const int bits : {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32}) {
    for (const double density : {0.0, 0.05, 0.3, 0.8, 1.0}) {
      const PackedModel model = random_model(static_cast<std::uint64_t>(bits), bits, density);
      for (const bool entropy_coding : {false, true}) {
        const std::string bytes = to_bytes(model, {entropy_coding});
        const PackedModel read = model_from_bytes(bytes);
        expect_equal(read, model);
        EXPECT_EQ(to_bytes(read, {entropy_coding}), bytes) << "deterministic";
      }
    }
  }
}

TEST(ModelFile, IsASafetensorsFileWithTheBytesThatStoredFormNames) {
  const PackedModel model = random_model(3, 4, 0.1);
  const std::string bytes = to_bytes(model);
  const SafeTensors file = from_bytes(bytes);
  EXPECT_EQ(file.metadata.at("tern.version"), "2");
  EXPECT_EQ(net::to_json(net::from_json(file.metadata.at("tern.net"))), net::to_json(model.net));
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::int64_t size = static_cast<std::int64_t>(sizeof header + header);
  for (const auto& [name, tensor] : model.tensors) {
    EXPECT_EQ(static_cast<std::int64_t>(file.tensors.at(name).bytes.size()), stored_form(tensor).bytes) << name;
    size += stored_form(tensor).bytes;
  }
  EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), size);
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
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].codes[2] = -9; }),
            "model: conv1.weight: code 2 is -9, outside -8..7 of 4 bits");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].scales[1] = 0; }), "model: conv1.weight: expected a scale > 0, got 0");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].bits = 17; }),
            "model: conv1.weight: expected 1 to 16 bits or 32, got 17");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].scales.pop_back(); }),
            "model: conv1.weight: expected 1, 3 or a multiple of 3 scales that divides 54, got 2");
  EXPECT_EQ(with([](auto& m) { m.tensors["conv1.weight"].codebook = {0, 1, NAN}; }),
            "model: conv1.weight: codebook value 2 is not finite: nan");
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
  EXPECT_EQ(with([](auto& f) { f.metadata["tern.version"] = "3"; }),
            "m.tern: format version '3' (this build reads versions 1 and 2)");
  EXPECT_EQ(with([](auto& f) { f.metadata.erase("tern.net"); }),
            "m.tern: not a .tern file: metadata 'tern.net' is missing");
  EXPECT_EQ(with([](auto& f) { f.metadata["tern.net"] = std::string(1 << 20, '['); }),
            "m.tern: metadata 'tern.net' is nested too deeply");
  EXPECT_EQ(with([](auto& f) { f.tensors.erase("conv1.weight"); }), "m.tern: tensor 'conv1.weight' is described but missing");
  EXPECT_EQ(with([](auto& f) { f.tensors["fc.bias"].dtype = "I32"; }), "m.tern: fc.bias: expected dtype F32, got I32");
  EXPECT_EQ(with([](auto& f) { f.tensors["fc.bias"] = make_tensor<float>({5}, std::vector<float>(5, INFINITY)); }),
            "m.tern: fc.bias: element 0 is not finite: inf");
  EXPECT_EQ(describe("[]"), "m.tern: metadata 'tern.tensors' must be an obj");
  EXPECT_EQ(describe("{"), "m.tern: metadata 'tern.tensors' is not JSON: [");
  const char* const wrong[] = {
      R"({"conv1.weight":{"encoding":"zip","bits":4,"scales":3,"shape":[3,2,3,3]}})",
      R"({"conv1.weight":{"encoding":"dense","bits":17,"scales":1,"shape":[1]}})",
      R"({"conv1.weight":{"encoding":"dense","bits":4,"scales":0,"shape":[3,2,3,3]}})",
      R"({"conv1.weight":{"encoding":"dense","bits":4,"shape":[1]}})",
      R"({"conv1.weight":{"encoding":"dense","bits":32,"scales":1,"shape":[1]}})",
      R"({"conv1.weight":{"encoding":"dense","bits":4,"scales":1,"shape":[0]}})",
      R"({"conv1.weight":{"encoding":"dense","bits":4,"scales":1,"shape":[3,2,3,3],"codebook":[4]}})",
      R"({"conv1.weight":{"encoding":"dense","bits":4,"scales":1,"shape":[3,2,3,3],"other":1}})"};
  for (const char* text : wrong) EXPECT_EQ(describe(text), "m.tern: conv1.weight: not a description of a t") << text;
  EXPECT_EQ(describe(R"({"conv1.weight":{"encoding":"dense","bits":4,"scales":1,"shape":[1048576,1048576]}})"),
            "m.tern: conv1.weight: expected [3, 2, 3, 3], g") << "before anything of that size is allocated";
  EXPECT_EQ(with([](auto& f) { f.tensors["fc.bias"] = make_tensor<float>({6}, std::vector<float>(6)); }),
            "m.tern: fc.bias: expected [5], got [6]");
  EXPECT_EQ(with([](auto& f) { f.tensors["more"] = make_tensor<float>({1}, std::vector<float>(1)); }),
            "m.tern: unknown tensor 'more': no node of the Net asks for it");
}

/// A file as version 1 wrote it: 1 scale, 2-bit codes 1 -1 0 1 -1 0 dense, the same 0 0 0 0 1 0 0 -1 0 ... as a bitmap.
TEST(ModelFile, FilesOfVersion1StillLoad) {
  net::Net net("old");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{3}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", 2}});
  net.add("b", "linear", {"a"}, {{"out_features", 8}, {"bias", true}});
  SafeTensors file;
  file.metadata = {{"tern.version", "1"}, {"tern.net", net::to_json(net, -1)}, {"note", "kept"},
                   {"tern.tensors", R"({"a.weight":{"bits":2,"encoding":"dense","scale":0.25,"shape":[2,3]},)"
                                    R"("b.weight":{"bits":3,"encoding":"bitmap","scale":0.1,"shape":[8,2]}})"}};
  file.tensors["a.weight"] = {"U8", {2}, std::string("\x4D\x03", 2)};
  file.tensors["b.weight"] = {"U8", {3}, std::string("\x90\x00\x3B", 3)};  // elements 4 and 7: 3 and -1
  file.tensors["b.bias"] = make_tensor<float>({8}, std::vector<float>(8, 1.5F));
  const PackedModel model = model_from_bytes(forged(file));
  EXPECT_EQ(dequantize(model.tensors.at("a.weight")), (std::vector<float>{0.25F, -0.25F, 0, 0.25F, -0.25F, 0}));
  std::vector<float> expected(16, 0.0F);
  expected[4] = 3 * 0.1F, expected[7] = -0.1F;
  EXPECT_EQ(dequantize(model.tensors.at("b.weight")), expected);
  EXPECT_EQ(model.metadata.at("note"), "kept");
  expect_equal(model_from_bytes(to_bytes(model)), model);
  const auto with = [&](const char* name, std::size_t byte, int bit) {
    SafeTensors corrupt = file;
    corrupt.tensors[name].bytes[byte] ^= static_cast<char>(1 << bit);
    return refusal([&] { model_from_bytes(forged(corrupt)); });
  };
  EXPECT_EQ(with("a.weight", 1, 7), "model: a.weight: unused bits of the last byte are not zero");
  EXPECT_NE(with("b.weight", 0, 0), "no error") << "the population no longer equals the number of codes";
}

TEST(ModelFile, Pitfall8ScalesAreStoredBitExactly) {
  PackedModel model = random_model(1, 4, 1);
  model.tensors["conv1.weight"].scales = {0.1F, 1.17549449e-38F, std::nextafter(1.0F, 2.0F)};
  const PackedModel read = model_from_bytes(to_bytes(model));
  EXPECT_EQ(std::memcmp(read.tensors.at("conv1.weight").scales.data(), model.tensors["conv1.weight"].scales.data(), 12), 0);
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
