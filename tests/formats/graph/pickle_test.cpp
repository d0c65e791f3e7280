#include "formats/graph/pickle.hpp"

#include "base/seed.hpp"
#include "formats/graph/graph_files.hpp"
#include "formats/graph/pickles.hpp"

namespace tern::formats {
namespace {

using namespace testing;
using Kind = PickleValue::Kind;

Error refusal(const std::string& bytes) {
  return error_of([&] { read_pickle(bytes, "p"); });
}

TEST(Pickle, ReadsContainers) {
  const Pickle p = read_pickle(p_file(p_lists({{1, 2}, {}, {-3}})), "p");
  ASSERT_EQ(p.root->kind, Kind::dict);
  ASSERT_EQ(p.root->pairs.size(), 3u);
  EXPECT_EQ(p.root->pairs[2].first->integer, 2);
  EXPECT_EQ(p.root->pairs[2].second->items[0]->integer, -3);
  EXPECT_TRUE(p.root->pairs[1].second->items.empty());
}

TEST(Pickle, ReadsSmallThings) {
  EXPECT_EQ(read_pickle(p_file("N"), "p").root->kind, Kind::none);
  EXPECT_EQ(read_pickle(p_file("\x88"), "p").root->integer, 1);
  EXPECT_EQ(read_pickle(p_file(std::string("\x8a\x02\x00\xff", 4)), "p").root->integer, -256);
  EXPECT_EQ(read_pickle(p_file(std::string("G\x3f\xf8\0\0\0\0\0\0", 9)), "p").root->real, 1.5);
  EXPECT_EQ(read_pickle(p_file(p_text("abc") + "q\x01h\x01\x86"), "p").root->items[1]->text, "abc");
}

TEST(Pickle, ReadsArraysAndMatrices) {
  const Pickle array = read_pickle(p_file(p_ints({1, 2, 3, 4, 5, 6}, {2, 3})), "p");
  EXPECT_EQ(array_of(*array.root, "p").shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(integers(array_of(*array.root, "p"), "p"), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
  // Columns out of order, one place twice.
  const Pickle matrix = read_pickle(p_file(p_csr(2, 4, {0, 3, 4}, {3, 1, 3, 0}, {1, 2, 5, 4})), "p");
  const graph::SparseMatrix sparse = sparse_of(*matrix.root, "p");
  EXPECT_EQ(sparse.col, (std::vector<std::int32_t>{1, 3, 0}));
  EXPECT_EQ(sparse.value, (std::vector<float>{2, 6, 4}));
}

TEST(Pickle, BytesAsPython3WritesThemForPython2) {
  // _codecs.encode("\x00\xff", "latin1"): characters of UTF-8 back to bytes.
  const std::string body = "c_codecs\nencode\nX" + little(3, 4) + std::string("\x00\xc3\xbf", 3) + "X" +
                           little(6, 4) + "latin1\x86R";
  EXPECT_EQ(read_pickle(p_file(body), "p").root->text, std::string("\x00\xff", 2));
  EXPECT_EQ(refusal(p_file("c_codecs\nencode\nX" + little(3, 4) + "\xe2\x82\xac" + "X" + little(6, 4) +
                           "latin1\x86R"))
                .kind(),
            ErrorKind::bad_data);
}

TEST(Pickle, OtherNamesAreRefusedBeforeAnythingHappens) {
  const Error error = refusal(p_file("cos\nsystem\n" + p_text("true") + "\x85R"));
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_EQ(error.message(),
            "the pickle asks for 'os system': only arrays, sparse matrices and plain containers are read");
  EXPECT_EQ(refusal(p_file("cbuiltins\neval\n" + p_text("1") + "\x85R")).kind(), ErrorKind::unsupported);
  EXPECT_EQ(refusal("\x80\x04" + std::string("\x8c\x02os\x8c\x06system\x93.")).kind(),
            ErrorKind::unsupported);
  EXPECT_EQ(refusal(p_file("i")).kind(), ErrorKind::unsupported);
}

TEST(Pickle, MalformedProgramsAreRefused) {
  for (const std::string body : {"",
                                 "e",
                                 "t",
                                 "a",
                                 "]a",
                                 "u",
                                 "}K\x01s",
                                 "R",
                                 "b",
                                 "NNb",
                                 "\x85",
                                 "h\x05",
                                 "q\x01",
                                 "(",
                                 "]]",
                                 "NR",
                                 "cnumpy\nndarray\n)R",
                                 "}(K\x01u",
                                 "N)\x81",
                                 "j\xff\xff\xff\xff",
                                 "r\xff\xff\xff\x7f"})
    EXPECT_NE(refusal(p_file(body)).kind(), ErrorKind::internal) << body;
  EXPECT_EQ(refusal("\x80\x07N.").kind(), ErrorKind::bad_data);
}

TEST(Pickle, MatricesThatLieAreRefused) {
  const auto kind = [](const std::string& body) {
    return error_of([&] {
             const Pickle p = read_pickle(p_file(body), "p");
             sparse_of(*p.root, "p");
           })
        .kind();
  };
  EXPECT_EQ(kind(p_csr(2, 2, {0, 1, 2}, {0, 2}, {1, 1})), ErrorKind::bad_data);
  EXPECT_EQ(kind(p_csr(2, 2, {0, 1, 2}, {0, -1}, {1, 1})), ErrorKind::bad_data);
  EXPECT_EQ(kind(p_csr(2, 2, {0, 2, 1}, {0, 1}, {1, 1})), ErrorKind::bad_data);
  EXPECT_EQ(kind(p_csr(2, 2, {0, 9, 2}, {0, 1}, {1, 1})), ErrorKind::bad_data);
  EXPECT_EQ(kind(p_csr(3, 2, {0, 1, 2}, {0, 1}, {1, 1})), ErrorKind::bad_data);
  EXPECT_EQ(kind(p_csr(-1, 2, {}, {}, {})), ErrorKind::bad_data);
  EXPECT_EQ(kind(p_csr(2, 2, {0, 1, 2}, {0, 1}, {1})), ErrorKind::bad_data);
  EXPECT_EQ(kind(p_array("i4", {1 << 30, 1 << 30}, "abcd")), ErrorKind::bad_data);
  EXPECT_EQ(kind(p_array("i4", {-2}, "abcd")), ErrorKind::bad_data);
}

TEST(Pickle, CirclesAndCopiesTakeNoUnboundedMemory) {
  const Pickle circle = read_pickle(p_file("]q\x01h\x01"
                                           "a"),
                                    "p");  // a list that holds itself
  EXPECT_EQ(circle.root->items[0], circle.root);
  // The same megabyte turned into bytes again and again.
  std::string body = "]c_codecs\nencode\nq\x01X" + little(1 << 20, 4) + std::string(1 << 20, 'a') + "q\x02" +
                     p_text("latin1") + "\x86q\x03R" + "a";
  for (int i = 0; i < 100; ++i) body += "h\x01h\x03Ra";
  EXPECT_EQ(refusal(p_file(body)).kind(), ErrorKind::bad_data);
}

TEST(Pickle, EveryTruncationAndManyDamagesAreErrorsOrValues) {
  const std::string bytes = p_file(p_csr(3, 4, {0, 2, 2, 4}, {0, 3, 1, 2}, {1, 2, 3, 4}));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_EQ(refusal(bytes.substr(0, size)).kind(), ErrorKind::bad_data) << size;
  Rng rng(3);
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = bytes;
    for (std::uint64_t k = rng.below(3) + 1; k > 0; --k)
      damaged[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    try {
      const Pickle p = read_pickle(damaged, "p");
      check(sparse_of(*p.root, "p"), "p");
    } catch (const Error& error) {
      ASSERT_NE(error.kind(), ErrorKind::internal);
    }
  }
}

}  // namespace
}  // namespace tern::formats
