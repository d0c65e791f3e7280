#include "formats/graph/pickle.hpp"

#include <array>
#include <bit>

#include "base/error.hpp"
#include "formats/graph/pickle_machine.hpp"

namespace tern::formats {
namespace pickle {

bool Machine::step() {
  const std::uint8_t code = reader_.u8("an operation");
  switch (code) {
    case 0x80:
      if (const std::uint8_t version = reader_.u8("the protocol"); version < 2 || version > 5)
        reader_.fail_here("protocol {} is not read", version);
      break;
    case 0x95:
      u64();
      break;  // frame
    case '.':
      return false;
    case '(':
      marks_.push_back(stack_.size());
      break;
    case 'N':
      push(make(Kind::none));
      break;
    case 0x88:
      push_integer(1, Kind::boolean);
      break;
    case 0x89:
      push_integer(0, Kind::boolean);
      break;
    case 'J':
      push_integer(reader_.i32("an integer"));
      break;
    case 'K':
      push_integer(reader_.u8("an integer"));
      break;
    case 'M':
      push_integer(reader_.u16("an integer"));
      break;
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
    case 'U':
    case 'C':
    case 0x8c:
      push_text(reader_.u8("a length"));
      break;
    case 'T':
    case 'X':
    case 'B':
      push_text(reader_.u32("a length"));
      break;
    case 0x8d:
    case 0x8e:
      push_text(u64());
      break;
    case ']':
      push(make(Kind::list));
      break;
    case '}':
      push(make(Kind::dict));
      break;
    case ')':
      push(make(Kind::tuple));
      break;
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
    case 't':
      push_tuple(pop_marked());
      break;
    case 0x85:
      push_tuple_of(1);
      break;
    case 0x86:
      push_tuple_of(2);
      break;
    case 0x87:
      push_tuple_of(3);
      break;
    case 'h':
      get(reader_.u8("a place"));
      break;
    case 'j':
      get(reader_.u32("a place"));
      break;
    case 'q':
      put(reader_.u8("a place"));
      break;
    case 'r':
      put(reader_.u32("a place"));
      break;
    case 0x94:
      put(memo_.size());
      break;
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
    case 'R':
      reduce();
      break;
    case 0x81: {
      pop();
      if (const PickleValue* type = pop(); type->kind != Kind::global || type->text != sparse)
        reader_.fail_here("an object of what is no sparse matrix");
      push(make(Kind::sparse));
      break;
    }
    case 'b':
      build();
      break;
    default:
      throw Error(ErrorKind::unsupported, fmt::format("operation {:#04x} of pickles is not read", code),
                  fmt::format("byte {}", reader_.offset() - 1));
  }
  return true;
}

}  // namespace pickle

Pickle read_pickle(std::string_view bytes, std::string_view place) {
  try {
    return pickle::Machine(bytes, place).run();
  } catch (const Error& error) {
    throw error.place().starts_with(place) ? error : error.within(place);
  }
}

}  // namespace tern::formats
