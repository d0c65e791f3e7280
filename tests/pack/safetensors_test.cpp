#include "pack/safetensors.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::pack {
namespace {

/// A file of this header text and data, as its own writer would frame it.
std::string framed(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

std::string refusal(const std::string& bytes) {
  try {
    from_bytes(bytes, "a.safetensors");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    return error.what();
  }
  return "no error";
}

TEST(SafeTensors, WritesTheBytesOfTheFormat) {
  SafeTensors file;
  file.tensors["a"] = make_tensor<std::int8_t>({3}, std::vector<std::int8_t>{1, 2, -1});
  file.tensors["b"] = make_tensor<float>({1, 1}, std::vector<float>{1.0F});
  file.metadata["k"] = "v";
  // The float comes first, so that it is aligned; the header is padded with spaces.
  std::string header = R"({"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},)"
                       R"("a":{"dtype":"I8","shape":[3],"data_offsets":[4,7]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(to_bytes(file), framed(header, std::string("\0\0\x80\x3F\x01\x02\xFF", 7)));
}

TEST(SafeTensors, ReadsWhatOthersWrite) {
  // Members in another order, no padding, an empty tensor, a dtype that we only carry.
  const auto file = from_bytes(framed(R"({"x":{"data_offsets":[0,2],"shape":[],"dtype":"BF16"},)"
                                      R"("e":{"dtype":"I64","shape":[0,5],"data_offsets":[2,2]}})",
                                      "ab"));
  EXPECT_EQ(file.tensors.at("x").bytes, "ab");
  EXPECT_EQ(file.tensors.at("e").shape, (net::Shape{0, 5}));
}

TEST(SafeTensors, RoundTripOfRandomFiles) {
  Rng rng(7);
  const char* const dtypes[] = {"F32", "F64", "I8", "U8", "I16", "I32", "I64", "BOOL"};
  for (int round = 0; round < 100; ++round) {
    SafeTensors file;
    for (std::uint64_t i = rng.below(6); i > 0; --i) {
      Tensor tensor{dtypes[rng.below(8)], {}, {}};
      std::int64_t bytes = dtype_bytes(tensor.dtype);
      for (std::uint64_t d = rng.below(4); d > 0; --d) {
        tensor.shape.push_back(static_cast<std::int64_t>(rng.below(4)));
        bytes *= tensor.shape.back();
      }
      for (std::int64_t k = 0; k < bytes; ++k) tensor.bytes.push_back(static_cast<char>(rng.below(256)));
      file.tensors["tensor \"\xC3\xA9\" " + std::to_string(rng.below(1000))] = tensor;
    }
    if (rng.below(2) == 0) file.metadata["note"] = "line\nbreak \\ \"quote\"";
    const std::string bytes = to_bytes(file);
    EXPECT_EQ(from_bytes(bytes), file);
    EXPECT_EQ(to_bytes(from_bytes(bytes)), bytes);
  }
}

TEST(SafeTensors, TypedValues) {
  const auto tensor = make_tensor<std::int64_t>({2}, std::vector<std::int64_t>{-5, 1LL << 40});
  EXPECT_EQ(tensor.dtype, "I64");
  EXPECT_EQ(values_of<std::int64_t>(tensor, "t"), (std::vector<std::int64_t>{-5, 1LL << 40}));
  EXPECT_EQ(values_of<double>(make_scalar(0.25), "t"), std::vector<double>{0.25});
  EXPECT_THROW(values_of<float>(tensor, "t"), Error);
  EXPECT_THROW(make_tensor<float>({3}, std::vector<float>{1.0F}), Error);
  EXPECT_THROW(find_tensor({}, "t", "a.safetensors"), Error);
}

TEST(SafeTensors, RefusesToWriteNonsense) {
  EXPECT_THROW(to_bytes(SafeTensors{{{"x", {"F32", {2}, "abcd"}}}, {}}), Error) << "8 bytes expected";
  EXPECT_THROW(to_bytes(SafeTensors{{{"__metadata__", {"U8", {0}, ""}}}, {}}), Error);
  EXPECT_THROW(to_bytes(SafeTensors{{{"x", {"F31", {0}, ""}}}, {}}), Error);
  EXPECT_THROW(to_bytes(SafeTensors{{}, {{"k", "\xFF"}}}), Error) << "not UTF-8";
}

TEST(SafeTensors, EachCorruptionIsOneClearError) {
  const auto one = [](const std::string& entry, const std::string& data) {
    return refusal(framed("{" + entry + "}", data));
  };
  EXPECT_EQ(refusal("abc"), "a.safetensors: expected at least 8 bytes, got 3");
  EXPECT_EQ(refusal(std::string(8, '\xFF') + "{}"),
            "a.safetensors: a header of 18446744073709551615 bytes does not fit into a file of 10");
  EXPECT_EQ(refusal(framed("", "")), "a.safetensors: the header must begin with '{'");
  EXPECT_EQ(refusal(framed("[]", "")), "a.safetensors: the header must begin with '{'");
  EXPECT_EQ(refusal(framed("{}{}", "")).substr(0, 37), "a.safetensors: the header is not JSON");
  EXPECT_EQ(refusal(framed("{}", "x")), "a.safetensors: 1 bytes follow the last tensor");
  EXPECT_EQ(refusal(framed("{\"a\":" + std::string(100000, '['), "")), "a.safetensors: the header is nested too deeply");
  const std::string a = R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]})", at = "a.safetensors: tensor 'a': ";
  EXPECT_EQ(one(a + "," + a, "xy"), "a.safetensors: the header names 'a' twice");
  EXPECT_EQ(one(a, "x"), at + "ends at byte 2 of 1 of the data");
  EXPECT_EQ(one(a, "xyz"), "a.safetensors: 1 bytes follow the last tensor");
  EXPECT_EQ(one(R"("a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]})", "xyz"),
            at + "begins at 1, but the tensor before it ends at 0");
  EXPECT_EQ(one(a + R"(,"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]})", "xyz"),
            "a.safetensors: tensor 'b': begins at 1, inside the tensor before it, which ends at 2");
  EXPECT_EQ(one(R"("a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]})", "xy"),
            at + "U8 [2] takes 2 bytes, got data_offsets [2, 0]");
  EXPECT_EQ(one(R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,2]})", "xy"),
            at + "F32 [2] takes 8 bytes, got data_offsets [0, 2]");
  EXPECT_EQ(one(R"("a":{"dtype":"F8","shape":[2],"data_offsets":[0,2]})", "xy"), at + "unknown dtype 'F8'");
  EXPECT_EQ(one(R"("a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]})", "xy"), at + "expected a shape, got [-2]");
  EXPECT_EQ(one(R"("a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]})", ""),
            at + "shape [4294967296, 4294967296] overflows");
  EXPECT_EQ(one(R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0.5,2]})", "xy"), at + "expected an offset, got 0.5");
  EXPECT_EQ(one(R"("a":7)", ""), at + "expected dtype, shape and data_offsets, got 7");
  EXPECT_EQ(one(R"("__metadata__":{"k":1})", ""), "a.safetensors: __metadata__ 'k': expected a text");
}

/// Quadratic work would take minutes here.
TEST(SafeTensors, ManyNamesTakeTimeInProportion) {
  SafeTensors file;
  for (int i = 0; i < 200'000; ++i) file.metadata[fmt::format("name {}", i)] = "x";
  EXPECT_EQ(from_bytes(to_bytes(file)), file);
}

TEST(SafeTensors, AViewLiesInTheBytes) {
  SafeTensors file;
  file.tensors["a"] = make_tensor<float>({2}, std::vector<float>{1, 2});
  const std::string bytes = to_bytes(file);
  const SafeTensorsView view = view_bytes(bytes);
  EXPECT_EQ(view.tensors.at("a").bytes.data(), bytes.data() + bytes.size() - 8);
  EXPECT_EQ(values_of<float>(view.tensors.at("a"), "a"), (std::vector<float>{1, 2}));
}

TEST(SafeTensors, FilesAreWholeOrAbsent) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "tern_pack_test.safetensors";
  const SafeTensors file{{{"x", make_scalar(1.5F)}}, {}};
  write_safetensors(path, file);
  EXPECT_EQ(read_safetensors(path), file);
  EXPECT_THROW(write_safetensors(path, SafeTensors{{{"x", {"F32", {2}, ""}}}, {}}), Error);
  EXPECT_EQ(read_safetensors(path), file) << "the failed write left the earlier file";
  std::filesystem::remove(path);
  EXPECT_THROW(read_safetensors(path), Error);
}

}  // namespace
}  // namespace tern::pack
