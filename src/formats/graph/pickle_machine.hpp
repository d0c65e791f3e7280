// The machine that a pickle is a program for: a stack, marks on it and a memory. Internal to the reader.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/events/byte_reader.hpp"
#include "formats/graph/pickle.hpp"

namespace tern::formats::pickle {

using Kind = PickleValue::Kind;
using Index = std::size_t;

inline constexpr std::string_view reconstruct = "numpy.core.multiarray _reconstruct";
inline constexpr std::string_view ndarray = "numpy ndarray", dtype = "numpy dtype", encode = "_codecs encode";
inline constexpr std::string_view sparse = "scipy.sparse.csr csr_matrix",
                                  dictionary = "collections defaultdict";
inline constexpr std::string_view list_type = "builtins list";

/// The names that mean something here, and what newer or older libraries call the same things.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 11> globals{{
    {reconstruct, reconstruct},
    {"numpy._core.multiarray _reconstruct", reconstruct},
    {ndarray, ndarray},
    {dtype, dtype},
    {encode, encode},
    {sparse, sparse},
    {"scipy.sparse._csr csr_matrix", sparse},
    {"scipy.sparse._csr csr_array", sparse},
    {dictionary, dictionary},
    {list_type, list_type},
    {"__builtin__ list", list_type},
}};

/// Runs one pickle. Every failure names the byte.
class Machine {
 public:
  Machine(std::string_view bytes, std::string_view place)
      : reader_(bytes, place), left_(16 * bytes.size() + (1 << 16)) {}

  Pickle run() {
    while (step()) {
    }
    if (stack_.size() != 1) reader_.fail_here("{} values are left at the end, expected 1", stack_.size());
    out_.root = stack_.front();
    return std::move(out_);
  }

 private:
  PickleValue* make(Kind kind) {
    out_.values.push_back(std::make_unique<PickleValue>());
    out_.values.back()->kind = kind;
    return out_.values.back().get();
  }
  void push(PickleValue* value) { stack_.push_back(value); }
  void push_integer(std::int64_t value, Kind kind = Kind::integer) {
    push(make(kind));
    stack_.back()->integer = value;
  }
  void push_text(std::uint64_t size) {
    const std::string_view text = reader_.take(static_cast<Index>(size), "a string");
    push(make(Kind::text));
    stack_.back()->text = text;
  }
  /// Copies of the same string must not grow without bound.
  void spend(Index bytes) {
    if (bytes > left_) reader_.fail_here("its values take far more room than the pickle");
    left_ -= bytes;
  }
  PickleValue* pop() {
    const Index floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) reader_.fail_here("an operation lacks its operand");
    PickleValue* value = stack_.back();
    stack_.pop_back();
    return value;
  }
  PickleValue* top(Kind kind) {
    const Index floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor || stack_.back()->kind != kind)
      reader_.fail_here("an operation has the wrong operand");
    return stack_.back();
  }
  /// Everything above the last mark, which goes away.
  std::vector<PickleValue*> pop_marked() {
    if (marks_.empty()) reader_.fail_here("an operation lacks its mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleValue*> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }
  void push_tuple(std::span<PickleValue* const> items) {
    PickleValue* tuple = make(Kind::tuple);
    tuple->items.assign(items.begin(), items.end());
    push(tuple);
  }
  void push_tuple_of(int count) {
    std::array<PickleValue*, 3> items{};
    for (int i = count - 1; i >= 0; --i) items[static_cast<Index>(i)] = pop();
    push_tuple(std::span<PickleValue* const>(items.data(), static_cast<Index>(count)));
  }
  std::uint64_t u64() {
    const std::uint64_t low = reader_.u32("a length");
    return low | std::uint64_t{reader_.u32("a length")} << 32;
  }
  void put(std::uint64_t key) {
    const Index floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) reader_.fail_here("nothing to remember");
    if (key > memo_.size() + 64) reader_.fail_here("memory place {} is not possible", key);
    if (key >= memo_.size()) memo_.resize(static_cast<Index>(key) + 1, nullptr);
    memo_[static_cast<Index>(key)] = stack_.back();
  }
  void get(std::uint64_t key) {
    if (key >= memo_.size() || memo_[static_cast<Index>(key)] == nullptr)
      reader_.fail_here("memory place {} is empty", key);
    push(memo_[static_cast<Index>(key)]);
  }
  void push_global(const std::string& name) {
    for (const auto& [known, meaning] : globals)
      if (known == name) {
        push(make(Kind::global));
        stack_.back()->text = meaning;
        return;
      }
    throw Error(
        ErrorKind::unsupported,
        fmt::format("the pickle asks for '{}': only arrays, sparse matrices and plain containers are read",
                    name),
        fmt::format("byte {}", reader_.offset()));
  }
  void set_items(PickleValue* dict, std::span<PickleValue* const> items) {
    if (items.size() % 2 != 0) reader_.fail_here("a dictionary has a key without value");
    for (Index i = 0; i < items.size(); i += 2) dict->pairs.emplace_back(items[i], items[i + 1]);
  }
  PickleValue* top_dict() {
    const Index floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor || stack_.back()->kind != Kind::dict)
      reader_.fail_here("items for what is no dictionary");
    return stack_.back();
  }

  void reduce();
  void build();
  void build_array(PickleValue* array, const PickleValue& state);
  bool step();

  ByteReader reader_;
  Pickle out_;
  std::vector<PickleValue*> stack_, memo_;
  std::vector<Index> marks_;
  Index left_;  ///< bytes that copies may still take
};

}  // namespace tern::formats::pickle
