#include "formats/graph/pickle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

#include "base/error.hpp"
#include "formats/events/byte_reader.hpp"

namespace tern::formats {
namespace {

using Kind = PickleValue::Kind;
using Index = std::size_t;

constexpr std::string_view reconstruct = "numpy.core.multiarray _reconstruct";
constexpr std::string_view ndarray = "numpy ndarray", dtype = "numpy dtype", encode = "_codecs encode";
constexpr std::string_view sparse = "scipy.sparse.csr csr_matrix", dictionary = "collections defaultdict";
constexpr std::string_view list_type = "builtins list";

/// The names that mean something here, and what newer or older libraries call the same things.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> globals{{
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

class Machine {
 public:
  Machine(std::string_view bytes, std::string_view place)
      : reader_(bytes, place), left_(16 * bytes.size() + (1 << 16)) {}

  Pickle run() {
    while (step()) {}
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
    if (stack_.size() <= floor || stack_.back()->kind != kind) reader_.fail_here("an operation has the wrong operand");
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
    if (key >= memo_.size() || memo_[static_cast<Index>(key)] == nullptr) reader_.fail_here("memory place {} is empty", key);
    push(memo_[static_cast<Index>(key)]);
  }
  void push_global(const std::string& name) {
    for (const auto& [known, meaning] : globals)
      if (known == name) {
        push(make(Kind::global));
        stack_.back()->text = meaning;
        return;
      }
    throw Error(ErrorKind::unsupported,
                fmt::format("the pickle asks for '{}': only arrays, sparse matrices and plain containers are read", name),
                fmt::format("byte {}", reader_.offset()));
  }
  void set_items(PickleValue* dict, std::span<PickleValue* const> items) {
    if (items.size() % 2 != 0) reader_.fail_here("a dictionary has a key without value");
    for (Index i = 0; i < items.size(); i += 2) dict->pairs.emplace_back(items[i], items[i + 1]);
  }
  PickleValue* top_dict() {
    const Index floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor || stack_.back()->kind != Kind::dict) reader_.fail_here("items for what is no dictionary");
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

void Machine::reduce() {
  const PickleValue* arguments = pop();
  const PickleValue* callable = pop();
  if (callable->kind != Kind::global || arguments->kind != Kind::tuple) reader_.fail_here("a call of what is no function");
  const auto& items = arguments->items;
  if (callable->text == reconstruct) return push(make(Kind::array));
  if (callable->text == dictionary) return push(make(Kind::dict));
  if (callable->text == dtype && !items.empty() && items[0]->kind == Kind::text) {
    push(make(Kind::dtype));
    stack_.back()->text = items[0]->text;
    return;
  }
  if (callable->text == encode && items.size() == 2 && items[0]->kind == Kind::text && items[1]->text == "latin1") {
    // UTF-8 back to the bytes it stands for: one of 0 .. 255 a character.
    const std::string& text = items[0]->text;
    spend(text.size());
    PickleValue* bytes = make(Kind::text);
    for (Index i = 0; i < text.size(); ++i) {
      const auto c = static_cast<std::uint8_t>(text[i]);
      if (c < 0x80) {
        bytes->text += text[i];
      } else {
        if ((c != 0xc2 && c != 0xc3) || i + 1 >= text.size()) reader_.fail_here("text that is not latin-1");
        bytes->text += static_cast<char>((c & 3) << 6 | (static_cast<std::uint8_t>(text[++i]) & 0x3f));
      }
    }
    return push(bytes);
  }
  reader_.fail_here("a call of '{}' in a way that is not known", callable->text);
}

void Machine::build_array(PickleValue* array, const PickleValue& state) {
  // (version, shape, dtype, is_fortran, bytes or list of objects)
  const auto& s = state.items;
  if (s.size() != 5 || s[1]->kind != Kind::tuple || s[2]->kind != Kind::dtype) reader_.fail_here("an array with a strange state");
  NumpyArray& a = array->array;
  a = {};
  for (const PickleValue* extent : s[1]->items) {
    if (extent->kind != Kind::integer) reader_.fail_here("a shape that is no number");
    a.shape.push_back(extent->integer);
  }
  const std::string place = fmt::format("byte {}", reader_.offset());
  set_type(a, s[2]->text, place);
  a.fortran_order = s[3]->integer != 0;
  if (a.type == "O") {
    if (s[4]->kind != Kind::list) reader_.fail_here("objects that are no list");
    check_bytes(a, place);
    if (static_cast<std::int64_t>(s[4]->items.size()) != a.size()) reader_.fail_here("{} objects, expected {}", s[4]->items.size(), a.size());
    spend(8 * s[4]->items.size());
    array->items = s[4]->items;
    return;
  }
  if (s[4]->kind != Kind::text) reader_.fail_here("an array without bytes");
  spend(s[4]->text.size());
  a.bytes = s[4]->text;
  check_bytes(a, place);
}

void Machine::build() {
  const PickleValue* state = pop();
  const Index floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) reader_.fail_here("a state without its object");
  PickleValue* object = stack_.back();
  if (object->kind == Kind::array && state->kind == Kind::tuple) return build_array(object, *state);
  if (object->kind == Kind::dtype && state->kind == Kind::tuple && state->items.size() >= 2 && state->items[1]->kind == Kind::text) {
    const std::string& order = state->items[1]->text;  // "<", ">" or "|"
    if (order.size() == 1 && object->text.find_first_of("<>|=") == std::string::npos) object->text = order + object->text;
    return;
  }
  if (object->kind == Kind::sparse && state->kind == Kind::dict) {
    spend(16 * state->pairs.size());
    object->pairs = state->pairs;
    return;
  }
  reader_.fail_here("a state for what takes none");
}

bool Machine::step() {
  const std::uint8_t code = reader_.u8("an operation");
  switch (code) {
    case 0x80:
      if (const std::uint8_t version = reader_.u8("the protocol"); version < 2 || version > 5)
        reader_.fail_here("protocol {} is not read", version);
      break;
    case 0x95: u64(); break;  // frame
    case '.': return false;
    case '(': marks_.push_back(stack_.size()); break;
    case 'N': push(make(Kind::none)); break;
    case 0x88: push_integer(1, Kind::boolean); break;
    case 0x89: push_integer(0, Kind::boolean); break;
    case 'J': push_integer(reader_.i32("an integer")); break;
    case 'K': push_integer(reader_.u8("an integer")); break;
    case 'M': push_integer(reader_.u16("an integer")); break;
    case 0x8a: {  // little-endian two's complement of 0 to 255 bytes
      const std::string_view raw = reader_.take(reader_.u8("an integer"), "an integer");
      if (raw.size() > 8) reader_.fail_here("an integer of {} bytes", raw.size());
      std::uint64_t bits = !raw.empty() && (raw.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
      for (Index i = raw.size(); i-- > 0;) bits = bits << 8 | static_cast<std::uint8_t>(raw[i]);
      push_integer(static_cast<std::int64_t>(bits));
      break;
    }
    case 'G': {
      const std::uint64_t high = reader_.u32_big("a number"), low = reader_.u32_big("a number");
      push(make(Kind::real));
      stack_.back()->real = std::bit_cast<double>(high << 32 | low);
      break;
    }
    case 'U': case 'C': case 0x8c: push_text(reader_.u8("a length")); break;
    case 'T': case 'X': case 'B': push_text(reader_.u32("a length")); break;
    case 0x8d: case 0x8e: push_text(u64()); break;
    case ']': push(make(Kind::list)); break;
    case '}': push(make(Kind::dict)); break;
    case ')': push(make(Kind::tuple)); break;
    case 'a': {
      PickleValue* item = pop();
      top(Kind::list)->items.push_back(item);
      break;
    }
    case 'e': {
      const auto items = pop_marked();
      auto& list = top(Kind::list)->items;
      list.insert(list.end(), items.begin(), items.end());
      break;
    }
    case 's': {
      PickleValue* value = pop();
      PickleValue* key = pop();
      top_dict()->pairs.emplace_back(key, value);
      break;
    }
    case 'u': {
      const auto items = pop_marked();
      set_items(top_dict(), items);
      break;
    }
    case 't': push_tuple(pop_marked()); break;
    case 0x85: push_tuple_of(1); break;
    case 0x86: push_tuple_of(2); break;
    case 0x87: push_tuple_of(3); break;
    case 'h': get(reader_.u8("a place")); break;
    case 'j': get(reader_.u32("a place")); break;
    case 'q': put(reader_.u8("a place")); break;
    case 'r': put(reader_.u32("a place")); break;
    case 0x94: put(memo_.size()); break;
    case 'c': {
      const std::string module(reader_.line());
      push_global(module + " " + std::string(reader_.line()));
      break;
    }
    case 0x93: {
      const PickleValue* name = pop();
      const PickleValue* module = pop();
      push_global(module->text + " " + name->text);
      break;
    }
    case 'R': reduce(); break;
    case 0x81: {
      pop();
      if (const PickleValue* type = pop(); type->kind != Kind::global || type->text != sparse)
        reader_.fail_here("an object of what is no sparse matrix");
      push(make(Kind::sparse));
      break;
    }
    case 'b': build(); break;
    default:
      throw Error(ErrorKind::unsupported, fmt::format("operation {:#04x} of pickles is not read", code),
                  fmt::format("byte {}", reader_.offset() - 1));
  }
  return true;
}

const PickleValue* find(const PickleValue& dict, std::string_view key) {
  for (const auto& [name, value] : dict.pairs)
    if (name->kind == Kind::text && name->text == key) return value;
  return nullptr;
}

}  // namespace

Pickle read_pickle(std::string_view bytes, std::string_view place) {
  try {
    return Machine(bytes, place).run();
  } catch (const Error& error) {
    throw error.place().starts_with(place) ? error : error.within(place);
  }
}

const NumpyArray& array_of(const PickleValue& value, std::string_view place) {
  if (value.kind != Kind::array || value.array.type == "O" || value.array.type.empty())
    fail(ErrorKind::bad_data, place, "expected an array of numbers");
  return value.array;
}

graph::SparseMatrix sparse_of(const PickleValue& value, std::string_view place) {
  if (value.kind != Kind::sparse) fail(ErrorKind::bad_data, place, "expected a sparse matrix");
  const PickleValue *shape = find(value, "_shape"), *rowptr = find(value, "indptr"), *col = find(value, "indices"),
                    *data = find(value, "data");
  if (shape == nullptr || rowptr == nullptr || col == nullptr || data == nullptr || shape->items.size() != 2)
    fail(ErrorKind::bad_data, place, "a sparse matrix without shape, indptr, indices or data");
  graph::SparseMatrix out{shape->items[0]->integer, shape->items[1]->integer, integers(array_of(*rowptr, place), place),
                          integers_32(array_of(*col, place), place), floats(array_of(*data, place), place)};
  return sorted_rows(std::move(out), place);
}

graph::SparseMatrix sorted_rows(graph::SparseMatrix matrix, std::string_view place) {
  // Row pointers and columns first: sorting relies on them.
  const std::int64_t entries = matrix.entries();
  if (matrix.rows < 0 || matrix.columns < 0 || static_cast<std::int64_t>(matrix.rowptr.size()) != matrix.rows + 1)
    fail(ErrorKind::bad_data, place, "{} row pointers for a matrix of {} by {}", matrix.rowptr.size(), matrix.rows,
         matrix.columns);
  if (matrix.rowptr.front() != 0 || matrix.rowptr.back() != entries ||
      !std::is_sorted(matrix.rowptr.begin(), matrix.rowptr.end()))
    fail(ErrorKind::bad_data, place, "row pointers do not rise from 0 to {}", entries);
  if (!matrix.value.empty() && matrix.value.size() != matrix.col.size())
    fail(ErrorKind::bad_data, place, "{} values at {} places", matrix.value.size(), entries);
  for (const std::int32_t column : matrix.col)
    if (column < 0 || column >= matrix.columns)
      fail(ErrorKind::bad_data, place, "column {} of {}", column, matrix.columns);
  canonicalise(matrix);
  check(matrix, place);
  return matrix;
}

std::vector<const PickleValue*> objects_of(const PickleValue& value, std::string_view place) {
  if (value.kind == Kind::array && value.array.type == "O") return value.items;
  fail(ErrorKind::bad_data, place, "expected an array of objects");
}

}  // namespace tern::formats
