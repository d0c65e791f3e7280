// What calls and states make: arrays, types, bytes and sparse matrices.
#include "base/error.hpp"
#include "formats/graph/pickle_machine.hpp"

namespace tern::formats::pickle {

void Machine::reduce() {
  const PickleValue* arguments = pop();
  const PickleValue* callable = pop();
  if (callable->kind != Kind::global || arguments->kind != Kind::tuple)
    reader_.fail_here("a call of what is no function");
  const auto& items = arguments->items;
  if (callable->text == reconstruct) return push(make(Kind::array));
  if (callable->text == dictionary) return push(make(Kind::dict));
  if (callable->text == dtype && !items.empty() && items[0]->kind == Kind::text) {
    push(make(Kind::dtype));
    stack_.back()->text = items[0]->text;
    return;
  }
  if (callable->text == encode && items.size() == 2 && items[0]->kind == Kind::text &&
      items[1]->text == "latin1") {
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
  if (s.size() != 5 || s[1]->kind != Kind::tuple || s[2]->kind != Kind::dtype)
    reader_.fail_here("an array with a strange state");
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
    if (static_cast<std::int64_t>(s[4]->items.size()) != a.size())
      reader_.fail_here("{} objects, expected {}", s[4]->items.size(), a.size());
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
  if (object->kind == Kind::dtype && state->kind == Kind::tuple && state->items.size() >= 2 &&
      state->items[1]->kind == Kind::text) {
    const std::string& order = state->items[1]->text;  // "<", ">" or "|"
    if (order.size() == 1 && object->text.find_first_of("<>|=") == std::string::npos)
      object->text = order + object->text;
    return;
  }
  if (object->kind == Kind::sparse && state->kind == Kind::dict) {
    spend(16 * state->pairs.size());
    object->pairs = state->pairs;
    return;
  }
  reader_.fail_here("a state for what takes none");
}

}  // namespace tern::formats::pickle
